"""`make run` as its user meets it: three ready services, reports of endings, nothing left behind."""

import base64
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

    def __init__(self, state: Path, number: int) -> None:
        self.state = state
        self.output = state.with_suffix(f".{number}.out")
        command = [sys.executable, "-m", "infra.dev.run", "--free-ports", "--empty", "--state", str(state)]
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE", "REDIS")}
        with self.output.open("ab") as output:
            self.runner = subprocess.Popen(
                command, cwd=ROOT, stdout=output, stderr=output, env={**environment, "PYTHONUNBUFFERED": "1"}
            )

    def ready(self) -> dict[str, Any]:
        """The content of run.json, once it is there."""
        file = self.state / "run.json"
        processes.wait_until(lambda: "is ready" in self.said() or self.runner.poll() is not None, 60)
        assert self.runner.poll() is None, self.said()
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
def products() -> Iterator[list[Product]]:
    """Those a test has started; what it leaves running is ended."""
    started: list[Product] = []
    yield started
    for product in started:
        if product.runner.poll() is None:
            product.end()


def health(address: str) -> int:
    with urllib.request.urlopen(f"{address}/health/ready", timeout=5) as answer:  # noqa: S310 ours
        return int(answer.status)


def records_answer(basic: dict[str, str]) -> int:
    """What the record store answers whoever has the basic credential of run.json."""
    proof = base64.b64encode(f"{basic['username']}:{basic['password']}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 ours
        f"{basic['endpoint']}/activities?activityId=http://example.org/a",
        headers={"Authorization": f"Basic {proof}", "X-Experience-API-Version": "2.0.0"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 ours
        return int(answer.status)


def test_the_life_of_a_product(tmp_path: Path, products: list[Product]) -> None:
    """One story, since each start takes seconds."""
    state = tmp_path / "state"
    first = start(state, products)
    run = first.ready()
    accounts = run["accounts"]

    is_ready_and_private(first, run)
    a_second_runner_is_told_of_the_first(first, products)
    a_killed_service_is_reported_and_started_again(first, run)
    assert first.end(signal.SIGINT) == 0
    nothing_is_left(first)

    second = start(state, products)
    assert second.ready()["accounts"] == accounts
    assert "migrating" not in second.said()
    second.runner.kill()
    second.runner.wait()
    if (
        sys.platform == "linux"
    ):  # which tells children of a parent's death; elsewhere the next start clears up
        assert processes.wait_until(lambda: not second.leftovers(), 30), second.leftovers()

    third = start(state, products)
    assert third.ready()["accounts"] == accounts
    assert third.end(signal.SIGTERM) == 0
    nothing_is_left(third)


def start(state: Path, products: list[Product]) -> Product:
    products.append(Product(state, number=len(products)))
    return products[-1]


def is_ready_and_private(product: Product, run: dict[str, Any]) -> None:
    assert set(run["services"]) == {"auth", "spaces", "creditbank"}
    assert [health(address) for address in run["services"].values()] == [200, 200, 200]
    for name in ("run.json", "secrets.json"):
        assert stat.S_IMODE((product.state / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(product.state.stat().st_mode) == 0o700
    assert "administrator" in run["accounts"][0]["roles"]
    assert product.says(run["accounts"][0]["password"])
    assert product.says(run["basic"]["password"])
    assert records_answer(run["basic"]) == 200


def a_second_runner_is_told_of_the_first(first: Product, products: list[Product]) -> None:
    second = start(first.state, products)
    assert second.runner.wait(30) == 1
    assert f"Already running from this checkout (process {first.runner.pid})" in second.said()
    assert (first.state / "run.json").exists()


def a_killed_service_is_reported_and_started_again(product: Product, run: dict[str, Any]) -> None:
    os.kill(run["processes"]["spaces"], signal.SIGKILL)
    assert product.says("spaces was ended by SIGKILL")
    assert health(run["services"]["auth"]) == 200
    product.runner.send_signal(signal.SIGUSR1)
    assert product.says("All services are ready again.")
    assert health(run["services"]["spaces"]) == 200


def nothing_is_left(product: Product) -> None:
    assert not (product.state / "run.json").exists()
    assert product.leftovers() == []
