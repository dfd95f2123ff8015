"""Services and stores killed in the middle of the main job, and started again: the same end every time."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import psutil
import pytest
import redis

from bench.roster_generator import Size, generate
from infra.dev import roster_files
from infra.dev.calls import Api, CallFailedError
from infra.dev.identities import FINAL, Identities, client_token
from infra.dev.processes import wait_until
from infra.dev.roster_files import RosterSet
from infra.dev.story import wait_until_known
from tests.e2e.conftest import Product

pytestmark = pytest.mark.e2e
PEOPLE = 1500


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> tuple[RosterSet, Size]:
    path = tmp_path_factory.mktemp("roster") / "generated.zip"
    size = generate(path, PEOPLE, prefix="f-")
    return roster_files.read(path), size


@pytest.fixture(autouse=True)
def everything_runs_afterwards(product: Product) -> Iterator[None]:
    yield
    product.start_again()


def kill_service(name: str) -> Callable[[Product], None]:
    return lambda product: product.process(name).kill()


def kill_store(name: str) -> Callable[[Product], None]:
    """The server itself, at once, with everything it was doing."""

    def kill(product: Product) -> None:
        below = psutil.Process(product.runner.pid).children(recursive=True)
        servers = [one for one in below if one.name() == name]
        assert servers
        servers[0].kill()

    return kill


def wipe_redis(product: Product) -> None:
    address = product.process("auth").environ()["AUTH_REDIS"]
    with redis.Redis.from_url(address) as client:
        client.flushall()


@pytest.mark.parametrize(
    ("fault", "moment"),
    [
        (kill_service("auth"), "importing"),
        (kill_service("auth"), "telling"),
        (kill_service("spaces"), "telling"),
        (kill_service("creditbank"), "telling"),
        (kill_store("postgres"), "importing"),
        (kill_store("postgres"), "telling"),
        (kill_store("redis-server"), "telling"),
        (wipe_redis, "telling"),
    ],
    ids=[
        "auth while importing",
        "auth while telling",
        "spaces while learning",
        "creditbank while learning",
        "postgresql while importing",
        "postgresql while telling",
        "redis while telling",
        "redis wiped",
    ],
)
def test_an_import_ends_the_same_whatever_is_killed(
    product: Product, generated: tuple[RosterSet, Size], fault: Callable[[Product], None], moment: str
) -> None:
    roster, size = generated
    asked = product.administrator()
    region = asked.ensure_organisation(asked.root(), "region", f"Faults {uuid4().hex[:6]}")["id"]
    answer = asked.api.upload("/v1/roster-imports", roster.archive, organisation=region, source="faults")
    where = str(answer.headers["Location"])
    reach(asked, where, {"checking", "applying"} if moment == "importing" else set(FINAL))
    fault(product)
    time.sleep(0.5)
    product.start_again()
    job = reach(asked, where, set(FINAL))
    assert job["state"] == "applied", job
    for service in ("spaces", "creditbank"):
        wait_until_known(product.run["services"][service], "auth")
    spaces = product.api("spaces", asked.api.token).get(f"/v1/coverage?organisation={region}")
    bank = product.api("creditbank", asked.api.token).get(f"/v1/coverage?organisation={region}")
    assert (spaces["people"], spaces["people_with_space"]) == (size.people, size.people)
    assert (spaces["classes"], spaces["classes_with_space"]) == (len(roster.classes),) * 2
    members = sum(len(one.students) + len(one.teachers) for one in roster.classes.values())
    assert spaces["class_members"] == members
    assert (bank["students"], bank["students_with_account"]) == (size.students, size.students)


def reach(asked: Identities, where: str, states: set[str]) -> dict[str, Any]:
    """The job once it is in one of the states (or has passed them); an absent service is waited for."""
    job: dict[str, Any] = {}

    def reached() -> bool:
        try:
            job.update(asked.api.get(where))
        except CallFailedError as failure:
            if failure.status not in (0, 503):
                raise
            return False
        return job["state"] in states | set(FINAL)

    assert wait_until(reached, 90), job
    return job


@pytest.mark.parametrize(
    "fault", [kill_service("creditbank"), kill_store("postgres")], ids=["service", "store"]
)
def test_credits_sent_again_after_a_crash_count_once(
    product: Product, generated: tuple[RosterSet, Size], fault: Callable[[Product], None]
) -> None:
    roster, _ = generated
    asked = product.administrator()
    region = asked.ensure_organisation(asked.root(), "region", f"Crash {uuid4().hex[:6]}")["id"]
    asked.import_roster(region, roster.archive, "faults")
    wait_until_known(product.run["services"]["creditbank"], "auth")
    client = asked.register_client("crash", region, ["credits.post"])
    token = client_token(product.run["services"]["auth"], client)
    bank = product.api("creditbank", token)
    items = [
        {
            "key": f"{shown.identity}:{student}",
            "learner": {"sourced_id": student},
            "course": {"sourced_id": shown.course},
            "attempt": shown.identity,
            "credits": "0.50",
            "earned_on": "2026-07-01",
        }
        for shown in roster.classes.values()
        for student in shown.students
    ][:3000]
    batches = [items[at : at + 300] for at in range(0, len(items), 300)]
    acknowledged = post_until_it_breaks(bank, batches, fault, product)
    product.start_again()
    posted, replayed = 0, 0
    for batch in batches:
        answer = bank.post("/v1/deposits", {"items": batch})
        posted, replayed = posted + answer["posted"], replayed + answer["replayed"]
    assert posted + replayed == len(items)
    assert replayed >= acknowledged, "what was acknowledged before the crash must still be there"
    totals = bank.get(f"/v1/institutions/{region}/totals")
    assert str(len(items) // 2) in str(totals), totals


def post_until_it_breaks(
    bank: Api, batches: list[list[dict[str, Any]]], fault: Callable[[Product], None], product: Product
) -> int:
    acknowledged = 0
    for number, batch in enumerate(batches):
        if number == len(batches) // 2:
            fault(product)
        try:
            acknowledged += int(bank.post("/v1/deposits", {"items": batch})["posted"])
        except CallFailedError as failure:
            if failure.status not in (0, 503):
                raise
            break
    return acknowledged


def test_services_say_what_is_away_and_come_back_by_themselves(product: Product) -> None:
    kill_store("postgres")(product)
    ready = {service: readiness(product, service) for service in product.run["services"]}
    assert set(ready.values()) == {503}
    with pytest.raises(CallFailedError) as refused:
        product.sign_in("student")
    assert refused.value.status == 503
    product.start_again()
    assert product.sign_in("student").token


def readiness(product: Product, service: str) -> int:
    found = 200

    def away() -> bool:
        nonlocal found
        try:
            product.api(service).get("/health/ready")
            found = 200
        except CallFailedError as failure:
            found = failure.status
        return found == 503

    wait_until(away, 10)
    return found
