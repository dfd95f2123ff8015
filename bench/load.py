"""A small HTTP/1.1 load generator in a process of its own: keep-alive connections, bounded in time.

It speaks raw HTTP over sockets, so that it costs the machine a fraction of what it measures.
"""

import asyncio
import json
import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil
import uvloop


@dataclass(frozen=True)
class Result:
    """Requests a second, latencies in milliseconds, answers by status, processor time a request in µs."""

    rate: float
    p50_ms: float
    p99_ms: float
    requests: int
    statuses: dict[int, int]
    cpu_us: float = 0.0
    store_cpu_us: float = 0.0
    errors: list[str] = field(default_factory=list)

    def require(self, *statuses: int) -> "Result":
        """Stop the bench when anything but these statuses was answered: a fast error is no result."""
        wrong = {status: count for status, count in self.statuses.items() if status not in statuses}
        if wrong or not self.requests:
            raise SystemExit(f"unexpected answers {wrong}: {self.errors[:2]}")
        return self


def request(method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection(asyncio.Protocol):
    """One keep-alive connection that sends the next request as soon as an answer is complete."""

    def __init__(self, run: "_Run") -> None:
        self.run = run
        self.buffer = b""
        self.sent_at = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        payload = self.run.next_request()
        if payload is None:
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(payload)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self.buffer[:head_end].lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self.buffer) < head_end + 4 + length:
            return
        self.run.answered(int(head[9:12]), time.perf_counter() - self.sent_at, self.buffer[head_end + 4 :])
        self.buffer = b""
        if self.run.pause_s:
            asyncio.get_running_loop().call_later(self.run.pause_s, self.send)
        else:
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.closed()


class _Run:
    def __init__(
        self, requests: Sequence[bytes], connections: int, seconds: float, most: int | None, pause_s: float
    ) -> None:
        self.requests = requests
        self.pause_s = pause_s
        self.connections = connections
        self.seconds = seconds
        self.most = most
        self.sent = 0
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.errors: list[str] = []

    def next_request(self) -> bytes | None:
        if time.perf_counter() >= self.until or (self.most is not None and self.sent >= self.most):
            return None
        payload = self.requests[self.sent % len(self.requests)]
        self.sent += 1
        return payload

    def answered(self, status: int, seconds: float, body: bytes) -> None:
        self.latencies.append(seconds)
        self.statuses[status] += 1
        if status >= 300 and len(self.errors) < 3:
            self.errors.append(f"{status} {body[:300].decode(errors='replace')}")

    def closed(self) -> None:
        self.open -= 1
        if not self.open:
            self.done.set()

    async def go(self, host: str, port: int) -> Result:
        loop = asyncio.get_running_loop()
        self.done = asyncio.Event()
        self.open = self.connections
        started = time.perf_counter()
        self.until = started + self.seconds
        await asyncio.gather(
            *(loop.create_connection(lambda: _Connection(self), host, port) for _ in range(self.connections))
        )
        await asyncio.wait_for(self.done.wait(), self.seconds + 60)
        elapsed = time.perf_counter() - started
        ordered = sorted(self.latencies) or [0.0]
        return Result(
            rate=len(self.latencies) / elapsed,
            p50_ms=ordered[len(ordered) // 2] * 1000,
            p99_ms=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000,
            requests=len(self.latencies),
            statuses=dict(self.statuses),
            errors=self.errors,
        )


def _child(pipe: Any, core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})
    pipe.send(None)  # everything is imported
    requests, host, port, *options = pipe.recv()
    pipe.send(uvloop.run(_Run(requests, *options).go(host, port)))
    pipe.close()
    os._exit(0)  # tidying up would take processor time from a load that still runs beside this one


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor time of processes and of all their children, so far."""
    total = 0.0
    for pid in pids:
        try:
            process = psutil.Process(pid)
            for one in [process, *process.children(recursive=True)]:
                times = one.cpu_times()
                total += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return total


def load(
    address: str,
    requests: Sequence[bytes],
    *,
    connections: int = 32,
    seconds: float = 4.0,
    most: int | None = None,
    server: int | None = None,
    stores: Sequence[int] = (),
    core: int | None = 1,
    pause_s: float = 0.0,
    together: threading.Barrier | None = None,
) -> Result:
    """Send `requests` in turn over `connections` for `seconds` (or until `most` were sent).

    With `pause_s` each connection waits so long after an answer, as people do. Loads that run beside each
    other begin `together`, when all are ready.
    """
    host, _, port = address.removeprefix("http://").partition(":")
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_child, args=(theirs, core))
    child.start()
    theirs.close()  # so that the end of a child that fails is seen
    ours.recv()
    if together is not None:
        together.wait(60)
    before = cpu_seconds([server] if server else []), cpu_seconds(stores)
    ours.send((list(requests), host, int(port), connections, seconds, most, pause_s))
    result: Result = ours.recv()
    after = cpu_seconds([server] if server else []), cpu_seconds(stores)
    child.join(10)
    answered = max(1, result.requests)
    return Result(
        **{
            **result.__dict__,
            "cpu_us": (after[0] - before[0]) / answered * 1e6,
            "store_cpu_us": (after[1] - before[1]) / answered * 1e6,
        }
    )


def save(path: Any, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
