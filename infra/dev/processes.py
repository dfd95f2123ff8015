"""Child processes of the development runner: started so that none is orphaned, stopped by their own id."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

LAUNCHER = Path(__file__).with_name("launch.py")


class StartError(Exception):
    """A child did not come up; the text says which one and shows the end of its log."""


def spawn(
    command: Sequence[str],
    log: IO[bytes],
    *,
    farewell: signal.Signals,
    user: str = "",
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Starts `command` in its own session, so that Ctrl-C reaches only the runner, which stops it in order.

    The kernel sends `farewell` when the calling thread ends without having done so.
    """
    prefix = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), farewell.name, user]
    return subprocess.Popen(
        [*prefix, *command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=cwd,
        env=environment,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes], *stages: tuple[signal.Signals, float]) -> None:
    """Sends each signal in turn and waits its seconds; kills what is left."""
    for number, seconds in stages:
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        process.kill()
        process.wait()


def stop_leftover(pid: int, mark: str, *stages: tuple[signal.Signals, float]) -> None:
    """Stops process `pid` of an earlier run, if its command line still contains `mark` (ids are reused)."""
    for number, seconds in (*stages, (signal.SIGKILL, 5.0)):
        if not runs(pid, mark):
            return
        os.kill(pid, number)
        wait_until(lambda: not runs(pid, mark), seconds)


def runs(pid: int, mark: str) -> bool:
    """Whether process `pid` is alive and its command line contains `mark`."""
    try:
        found = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        listing = ["ps", "-o", "command=", "-p", str(pid)]
        shown = subprocess.run(listing, check=False, capture_output=True, text=True)
        found = shown.stdout
    return mark in found


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Polls `condition` every 5 ms for at most `seconds`; returns its last answer."""
    end = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < end:
        time.sleep(0.005)
    return answer


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, empty when there is none."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
