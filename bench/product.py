"""The product as anybody starts it, for the bench: the runner, its figures and its processes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".state" / "bench-product"
_STORES = ("postgres", "redis-server")
_READY = re.compile(r"three services ready after ([0-9.]+) s")


@dataclass(frozen=True)
class Product:
    """A running product: run.json, when it was ready, and the processes of services and stores."""

    run: Mapping[str, Any]
    ready_s: float
    process: "subprocess.Popen[str]"

    def address(self, service: str) -> str:
        return str(self.run["services"][service])

    def pid(self, service: str) -> int:
        return int(self.run["processes"][service])

    def environment(self, service: str) -> dict[str, str]:
        """The settings a service was given, addresses of its stores among them."""
        return dict(psutil.Process(self.pid(service)).environ())

    def stores(self) -> list[int]:
        """PostgreSQL's and Redis's first processes."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        roots = [one.pid for one in below if _begins_a_store(one)]
        return roots or [one.pid for one in psutil.process_iter() if _is_ours(one)]

    def pin(self) -> None:
        """Services on the first core; stores (and the load) on the second."""
        for service in self.run["services"]:
            _pin(psutil.Process(self.pid(service)), 0)
        for store in self.stores():
            _pin(psutil.Process(store), 1)

    def memory_mib(self) -> float:
        """What services and stores hold for themselves (proportional set size), in MiB."""
        pids = [*self.run["processes"].values(), *self.stores()]
        processes = [one for pid in pids for one in _with_children(pid)]
        return sum(float(one.memory_full_info().pss) for one in processes) / 2**20


def _begins_a_store(process: psutil.Process) -> bool:
    try:
        parent = process.parent()
        return process.name() in _STORES and (parent is None or parent.name() != process.name())
    except psutil.NoSuchProcess:  # a worker of the server that has ended meanwhile
        return False


def _is_ours(process: psutil.Process) -> bool:
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return process.name() in _STORES and str(STATE) in line


def _with_children(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _pin(process: psutil.Process, core: int) -> None:
    for one in [process, *process.children(recursive=True)]:
        one.cpu_affinity([core])
        for thread in one.threads():
            os.sched_setaffinity(thread.id, {core})


@contextmanager
def running(*, demo: bool = False) -> Iterator[Product]:
    """`make run` on free ports with a state of its own; stopped as Ctrl-C does."""
    command = [sys.executable, "-m", "infra.dev.run", "--free-ports", "--state", str(STATE)]
    environment = {**os.environ, **{f"{one}_REQUESTS_PER_MINUTE": "1000000000" for one in _SERVICES}}
    process = subprocess.Popen(
        command if demo else [*command, "--empty"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _started(process)
    finally:
        stop(process)


def stop(process: "subprocess.Popen[str]") -> float:
    """Ask the runner to end; the seconds it took."""
    began = time.perf_counter()
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    return time.perf_counter() - began


def _started(process: "subprocess.Popen[str]") -> Product:
    assert process.stdout is not None
    ready, said = None, []
    for text in process.stdout:
        said.append(text)
        found = _READY.search(text)
        if found:
            ready = float(found.group(1))
        if ready is not None and "Ctrl-C" in text:
            run = json.loads((STATE / "run.json").read_text())
            return Product(run, ready, process)
    raise SystemExit("the product did not start:\n" + "".join(said[-20:]))


_SERVICES = ("AUTH", "SPACES", "CREDITBANK")
