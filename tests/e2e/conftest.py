"""One running product for the stories: started by the runner with its demo region, stopped at the end."""

import functools
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.dev import processes
from infra.dev.calls import Api, CallFailedError
from infra.dev.identities import Identities, SignedIn, client_token, sign_in

ROOT = Path(__file__).resolve().parents[2]
ROSTERS = ROOT.parent / "shared" / "data" / "oneroster"


@dataclass(frozen=True)
class Product:
    """Three services and their stores, as anybody starts them."""

    run: dict[str, Any]
    state: Path
    runner: "subprocess.Popen[bytes]"
    log: Path

    def api(self, service: str, token: str = "") -> Api:
        return Api(self.run["services"][service], token, "en")

    def account(self, role: str) -> dict[str, Any]:
        return next(dict(one) for one in self.run["accounts"] if role in one["roles"])

    def sign_in(self, role: str) -> SignedIn:
        account = self.account(role)
        return sign_in(self.run["services"]["auth"], account["username"], account["password"])

    def administrator(self) -> Identities:
        return Identities(self.api("auth", self.sign_in("administrator").token))

    def institution(self) -> str:
        """A token of the demo institution's client."""
        client = next(one for one in self.run["clients"] if "credits.post" in one["scopes"])
        return client_token(self.run["services"]["auth"], client)

    def process(self, service: str) -> psutil.Process:
        """The service's process of now; another one after it was started again."""
        for child in psutil.Process(self.runner.pid).children(recursive=True):
            if f"services.{service}" in child.cmdline() and "serve" in child.cmdline():
                return child
        raise AssertionError(f"{service} does not run")

    def start_again(self) -> None:
        """Has the runner start what was killed, and waits until it has and everything is ready.

        Its own word is waited for as well: where nothing had to be started, everything is ready before it has
        looked, and it would start again what the next story kills.
        """
        said = self._times_ready_again()
        self.runner.send_signal(signal.SIGUSR1)
        assert processes.wait_until(lambda: self._times_ready_again() > said, 60), self.log.read_text()
        for service in self.run["services"]:
            assert processes.wait_until(functools.partial(self.is_ready, service), 60), service

    def _times_ready_again(self) -> int:
        return self.log.read_text().count("ready again")

    def is_ready(self, service: str) -> bool:
        try:
            return bool(self.api(service).get("/health/ready")["status"] == "ready")
        except CallFailedError:
            return False


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A warm product costs seconds, so all stories share one; each makes its own region."""
    state = tmp_path_factory.mktemp("product") / "state"
    log = state.with_suffix(".log")
    command = [sys.executable, "-u", "-m", "infra.dev.run", "--free-ports", "--state", str(state)]
    with log.open("wb") as output:
        runner = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        ready = processes.wait_until(lambda: "is ready" in log.read_text() or runner.poll() is not None, 120)
        assert ready, log.read_text()
        assert runner.poll() is None, log.read_text()
        yield Product(json.loads((state / "run.json").read_text()), state, runner, log)
    finally:
        runner.terminate()
        runner.wait(60)


@pytest.fixture(scope="session")
def rosters() -> Path:
    if not ROSTERS.is_dir():
        pytest.skip("the sample rosters (../shared/data/oneroster) are not there")
    return ROSTERS
