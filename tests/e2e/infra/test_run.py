"""`make run` as its user meets it: three ready services, reports of endings, nothing left behind."""

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.dev import processes

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.e2e


class Product:
    """A product started by the runner, on free ports and in a state of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.output = state.with_suffix(".out")
        command = [sys.executable, "-m", "infra.dev.run", "--free-ports", "--empty", "--state", str(state)]
        (state / "run.json").unlink(missing_ok=True)  # of a runner that was killed
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE", "REDIS")}
        with self.output.open("ab") as output:
            self.runner = subprocess.Popen(
                command, cwd=ROOT, stdout=output, stderr=output, env={**environment, "PYTHONUNBUFFERED": "1"}
            )

    def ready(self) -> dict[str, Any]:
        """The content of run.json, once it is there."""
        file = self.state / "run.json"
        processes.wait_until(lambda: file.exists() or self.runner.poll() is not None, 60)
        assert file.exists(), self.said()
        document: dict[str, Any] = json.loads(file.read_text())
        return document

    def said(self) -> str:
        """What the runner printed so far."""
        return self.output.read_text()

    def says(self, text: str) -> bool:
        """Whether the runner prints the text within 30 seconds."""
        return processes.wait_until(lambda: text in self.said(), 30)

    def end(self, number: int = signal.SIGINT) -> int:
        """Sends the signal and gives the exit status."""
        self.runner.send_signal(number)
        return self.runner.wait(30)

    def leftovers(self) -> list[str]:
        """Command lines of processes that still use this state."""
        listed = subprocess.run(["ps", "axeww", "-o", "command="], check=True, capture_output=True, text=True)
        return [line for line in listed.stdout.splitlines() if str(self.state) in line]


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    started = Product(tmp_path / "state")
    yield started
    if started.runner.poll() is None:
        started.end()


def health(address: str) -> int:
    with urllib.request.urlopen(f"{address}/health/ready", timeout=5) as answer:  # noqa: S310 ours
        return int(answer.status)


def test_a_run_is_ready_private_and_ends_without_a_trace(product: Product) -> None:
    run = product.ready()

    assert set(run["services"]) == {"auth", "spaces", "creditbank"}
    assert [health(address) for address in run["services"].values()] == [200, 200, 200]
    assert stat.S_IMODE((product.state / "run.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((product.state / "secrets.json").stat().st_mode) == 0o600
    assert "administrator" in run["accounts"][0]["roles"]
    assert run["accounts"][0]["password"] in product.said()
    assert product.end() == 0
    assert not (product.state / "run.json").exists()
    assert product.leftovers() == []

    again = Product(product.state)
    assert again.ready()["accounts"] == run["accounts"]
    assert "migrating" not in again.said().partition("stopped")[2]
    assert again.end(signal.SIGTERM) == 0
    assert again.leftovers() == []


def test_a_second_run_is_told_of_the_first(product: Product) -> None:
    product.ready()
    second = Product(product.state)
    assert second.runner.wait(30) == 1
    assert f"Already running from this checkout (process {product.runner.pid})" in second.said()


def test_a_killed_service_is_reported_and_can_be_started_again(product: Product) -> None:
    run = product.ready()
    os.kill(run["processes"]["spaces"], signal.SIGKILL)

    assert product.says("spaces was ended by SIGKILL")
    assert health(run["services"]["auth"]) == 200
    product.runner.send_signal(signal.SIGUSR1)
    assert product.says("All services are ready again.")
    assert health(run["services"]["spaces"]) == 200
    assert product.end() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a parent's death")
def test_a_killed_runner_takes_everything_along(product: Product) -> None:
    product.ready()
    product.runner.kill()
    product.runner.wait()
    assert processes.wait_until(lambda: product.leftovers() == [], 30), product.leftovers()

    again = Product(product.state)
    assert again.ready()["services"]
    assert again.end() == 0
