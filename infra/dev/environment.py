"""Makes `.venv` from the hashed requirements. Standard library only: it runs before anything is installed."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from infra.dev import installer

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "infra" / "requirements"
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "xuebu.json"
UNFINISHED = ENVIRONMENT / "unfinished"
#: every set with those it contains
SETS = {"runtime": ("runtime",), "dev": ("dev", "runtime")}


def ready(name: str) -> str:
    """The path of a Python that has the requirements set `name` installed exactly as locked."""
    python = str(ENVIRONMENT / "bin" / "python")
    if _has(name):
        return python
    (ROOT / ".state").mkdir(mode=0o700, exist_ok=True)
    with (ROOT / ".state" / "environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two commands at once: the second waits and finds it done
        if not _has(name):
            _make("dev" if "dev" in _stamp().get("sets", {}) else name, python)
    return python


def digest(name: str) -> str:
    """What identifies a requirements set: the hash of its locked file."""
    return hashlib.sha256((REQUIREMENTS / f"{name}.txt").read_bytes()).hexdigest()


def _stamp() -> dict[str, dict[str, str]]:
    try:
        stamp: dict[str, dict[str, str]] = json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return stamp


def _has(name: str) -> bool:
    return not UNFINISHED.exists() and _stamp().get("sets", {}).get(name) == digest(name)


def _make(name: str, python: str) -> None:
    started = time.monotonic()
    STAMP.unlink(missing_ok=True)
    if UNFINISHED.exists() or not _works(python):
        say(f"making .venv with Python {sys.version.split()[0]}")
        subprocess.run(
            [sys.executable, "-m", "venv", "--clear", "--without-pip", str(ENVIRONMENT)], check=True
        )
    # From here to the stamp, an interruption leaves this mark and the next command starts over.
    UNFINISHED.touch()
    locked = REQUIREMENTS / f"{name}.txt"
    count = sum(line[:1].isalnum() for line in locked.read_text().splitlines())
    say(f"installing {count} packages with their hashes checked")
    installer.install(locked, REQUIREMENTS / "installer.txt", ENVIRONMENT)
    _write_stamp(name)
    UNFINISHED.unlink()
    say(f"environment ready after {time.monotonic() - started:.0f} s")


def _write_stamp(name: str) -> None:
    sets = {part: digest(part) for part in SETS[name]}
    STAMP.write_text(json.dumps({"sets": sets, "python": {"version": sys.version.split()[0]}}))


def _works(python: str) -> bool:
    if not os.access(python, os.X_OK):
        return False
    probe = "import sys; sys.exit(sys.version_info[:2] < (3, 11))"
    return subprocess.run([python, "-c", probe], check=False, capture_output=True).returncode == 0


def say(text: str) -> None:
    """One line of progress."""
    print(f"xuebu: {text}", file=sys.stderr, flush=True)
