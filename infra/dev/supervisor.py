"""Keeps the services of one run: starts them together, tells when one ends, stops everything in order."""

import signal
import time
from types import FrameType

from infra.dev.logwatch import LogWatch
from infra.dev.processes import StartError
from infra.dev.service import READY_SECONDS, Service
from infra.dev.stores import Stores

POLL_SECONDS = 0.2
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """The user or the system asked the runner to stop; only its end catches this."""


class Supervisor:
    """The running services above their stores."""

    def __init__(self, stores: Stores, services: list[Service]) -> None:
        self._stores = stores
        self.services = services
        self._told: set[str] = set()
        self._start_again = False
        self._watches = [LogWatch(service.name, service.log) for service in services]

    def launch(self) -> None:
        """Starts all that are not running, at once, and waits for none."""
        for service in self.services:
            if service.process is None:
                service.start()

    def start(self) -> None:
        """Starts all that are not running, at once; returns when every one is ready."""
        self.launch()
        waiting = list(self.services)
        end = time.monotonic() + READY_SECONDS
        while waiting:
            for service in waiting:
                if (status := service.ended()) is not None:
                    raise StartError(service.report(status))
            waiting = [service for service in waiting if not service.is_ready()]
            if time.monotonic() > end:
                names = ", ".join(service.name for service in waiting)
                raise StartError(
                    f"Not ready after {READY_SECONDS:.0f} s: {names}; see {waiting[0].log.parent}"
                )
            time.sleep(0.02 if waiting else 0)

    def watch(self) -> None:
        """Shows errors and endings until StopRequested comes; SIGUSR1 starts again what has ended."""
        signal.signal(signal.SIGUSR1, self._on_start_again)
        while True:
            for watch in self._watches:
                for line in watch.errors():
                    print(line, flush=True)
            self._tell_of_ended()
            if self._start_again:
                self._start_again = False
                self._revive()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Services first, all at once, then the stores."""
        for service in self.services:
            service.ask_to_stop()
        for service in self.services:
            service.stop()
        self._stores.stop()

    def _on_start_again(self, _number: int, _frame: FrameType | None) -> None:
        self._start_again = True

    def _tell_of_ended(self) -> None:
        for service in self.services:
            status = service.ended()
            if status is not None and service.name not in self._told:
                self._told.add(service.name)
                print(f"\n{service.report(status)}\nThe others go on. {HOW_TO_START_AGAIN}\n", flush=True)
        for server in (self._stores.postgresql, self._stores.redis_server):
            name = type(server).__name__
            if server is not None and server.ended() and name not in self._told:
                self._told.add(name)
                print(f"\n{name} has ended. The services wait for it. {HOW_TO_START_AGAIN}\n", flush=True)

    def _revive(self) -> None:
        for server in (self._stores.postgresql, self._stores.redis_server):
            if server is not None and server.ended():
                server.start()
        for service in self.services:
            if service.ended() is not None:
                service.process = None
        try:
            self.start()
        except StartError as failure:
            print(f"\n{failure}\n", flush=True)
            return
        self._told.clear()
        print("All services are ready again.", flush=True)


HOW_TO_START_AGAIN = "Start it again: python3 -m infra.dev start"


def listen_for_endings() -> None:
    """Turns Ctrl-C, SIGTERM and a closed terminal into StopRequested."""
    for number in ENDINGS:
        signal.signal(number, _request_stop)


def ignore_endings() -> None:
    """Lets the stop that has begun come to its end."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopRequested
