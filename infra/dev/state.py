"""The private state directory: one holder at a time, files for the owner's eyes, sockets with short paths."""

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

SOCKET_PATH_BYTES = 103  # the smallest limit of a supported system (104 with the closing zero); Linux has 107


class StateInUseError(Exception):
    """Another process holds this state directory; `pid` is its process id, 0 when unknown."""

    def __init__(self, directory: Path, pid: int) -> None:
        super().__init__(f"{directory} is in use by process {pid or '(unknown)'}")
        self.pid = pid


class Hold:
    """Exclusive use of a state directory. The kernel ends it with the process, so it is never stale."""

    def __init__(self, directory: Path) -> None:
        make_private(directory)
        self._file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(self._file, 20)
            os.close(self._file)
            raise StateInUseError(directory, int(pid) if pid.isdigit() else 0) from None
        os.ftruncate(self._file, 0)
        os.write(self._file, str(os.getpid()).encode())

    def release(self) -> None:
        """Lets the next one in; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def make_private(directory: Path) -> None:
    """Makes the directory, readable by its owner only."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)


def write_private(path: Path, document: Any) -> None:
    """Replaces a JSON file in one step; nobody but the owner can read it at any moment."""
    write_private_text(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def write_private_text(path: Path, text: str) -> None:
    """The same for any text."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def read_private(path: Path) -> dict[str, Any]:
    """The JSON object in the file, empty when there is no such file."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return document


def remembered_secret(path: Path, name: str) -> str:
    """The secret kept under `name`, made at the first call."""
    kept = read_private(path)
    if name not in kept:
        kept[name] = secrets.token_urlsafe(24)
        write_private(path, kept)
    return str(kept[name])


def socket_directory(state: Path) -> Path:
    """A directory of the owner's for sockets: inside `state`, or elsewhere when that path is too long.

    The short one is derived from the long path, so that a later run finds the same; one that belongs to
    somebody else is refused.
    """
    inside = state / "sockets"
    if len(os.fsencode(inside / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES:
        make_private(inside)
        return inside
    name = hashlib.sha256(f"{os.geteuid()}:{state}".encode()).hexdigest()[:16]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    for base in (runtime, tempfile.gettempdir(), "/tmp"):  # noqa: S108 the directory below is checked to be ours
        short = Path(base) / f"xuebu-{name}"
        if base and os.access(base, os.W_OK) and len(os.fsencode(short)) <= SOCKET_PATH_BYTES - 14:
            short.mkdir(mode=0o700, exist_ok=True)
            found = short.lstat()
            if found.st_uid != os.geteuid() or found.st_mode & 0o170077 != 0o040000:
                raise PermissionError(f"{short} is not a private directory of this user")
            return short
    raise OSError("no place for sockets with a path short enough: set TMPDIR to a short path")
