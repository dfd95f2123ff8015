"""Servers for the bench: an application factory in a process of its own, pinned to the first core."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Server:
    """A running server: where it answers, and its process."""

    address: str
    pid: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(factory: str, environment: Mapping[str, str], *, ready: str = "/health/live") -> Iterator[Server]:
    """Serve `module:factory` on the first core; ended when the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "bench.served", factory, str(port)]
    with running(command, environment, port, ready=ready, cores={0}) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], port: int, *, ready: str, cores: set[int]
) -> Iterator[Server]:
    """Run what serves that port, on those cores, until the block ends."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    os.sched_setaffinity(process.pid, cores)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address + ready, process)
        yield Server(address, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(400):
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        try:
            with urlopen(address, timeout=2):  # noqa: S310  our own address
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server did not become ready")
