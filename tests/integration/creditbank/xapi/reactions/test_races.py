"""Exactly once: under two workers, with the books locked by others, and when whoever works is killed."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from services.creditbank.xapi.reactions import claiming, repository
from services.creditbank.xapi.reactions.reacting import Reactor
from services.creditbank.xapi.statements.horizon import Horizon
from tests.conftest import ROOT
from tests.integration.creditbank.test_lives import findings
from tests.integration.creditbank.world import person, tell_of_people
from tests.integration.creditbank.xapi.reactions.conftest import School, account, condition, passed
from tests.integration.creditbank.xapi.reactions.worker import HOMES

LEARNERS = 60
KILLED = 24


@pytest.fixture
async def crowd(school: School) -> list[UUID]:
    who = [new_id() for _ in range(LEARNERS)]
    told = (person(one, ("student", school.id)) for one in who)
    await tell_of_people(school.database, school.keys, *told)
    return who


@pytest.fixture
async def second(app: FastAPI, keys: KeyRing) -> AsyncIterator[Reactor]:
    """A worker of another process, as far as the database can tell."""
    first: Database = app.state.database
    other = await Database(first.address, pool_size=2, name="second").start()
    yield Reactor(other, PostingDesk(other, keys), Horizon(other.pool), HOMES, every_s=1)
    await other.stop()


async def _posted(school: School, *rules: str) -> Counter[tuple[UUID, str]]:
    """How many entries each learner has of each rule, by what the books say."""
    rows = await school.database.pool.fetch(
        "select a.person, b.client from deposit_batch b join entry e on e.batch = b.id"
        " join account a on a.learner = e.learner and a.scheme = e.scheme where b.institution = $1",
        school.id,
    )
    return Counter((row["person"], row["client"]) for row in rows if row["client"] in rules)


async def test_two_workers_post_each_learners_credits_once(
    school: School, crowd: list[UUID], quiz: str, second: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "WINDOW", 7)
    rules = [await school.rule(condition(quiz), attempt=f"a-{n}") for n in range(2)]
    statements = [passed(account(one), quiz) for one in crowd * 2]
    first: Reactor = school.app.state.reactor

    async def keep_working(reactor: Reactor, until: asyncio.Event) -> None:
        while not until.is_set():
            await reactor.work(school.id)
            await asyncio.sleep(0)

    ended = asyncio.Event()
    workers = [asyncio.ensure_future(keep_working(one, ended)) for one in (first, second, first, second)]
    for begin in range(0, len(statements), 10):
        await school.store(*statements[begin : begin + 10])
    ended.set()
    await asyncio.gather(*workers)
    await school.work()
    assert await _posted(school, *rules) == {(one, rule): 1 for one in crowd for rule in rules}
    claims = await school.database.pool.fetch(
        "select state from xapi_claim where organisation = $1", school.id
    )
    assert Counter(row["state"] for row in claims) == {"posted": 2 * LEARNERS}


async def test_a_version_approved_late_catches_up_while_another_goes_on(
    school: School, crowd: list[UUID], quiz: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "WINDOW", 7)
    first = await school.rule(condition(quiz), attempt="a-1")
    half = LEARNERS // 2
    await school.store(*(passed(account(one), quiz) for one in crowd[:half]))
    await school.work()
    late = await school.rule(condition(quiz), attempt="a-2")
    await school.store(*(passed(account(one), quiz) for one in crowd[half:]))
    await school.work()
    assert await _posted(school, first, late) == {(one, rule): 1 for one in crowd for rule in (first, late)}


async def test_what_is_undone_in_the_middle_is_done_again(
    school: School, crowd: list[UUID], quiz: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is lost after the books were written, before anything is kept."""
    rule = await school.rule(condition(quiz))
    await school.store(*(passed(account(one), quiz) for one in crowd))
    kept = claiming.mark_voided

    async def die(connection: Any, *values: Any, **more: Any) -> None:
        await connection.execute("select pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(claiming, "mark_voided", die)
    reactor: Reactor = school.app.state.reactor
    newest = await school.database.pool.fetchval(
        "select max(position) from xapi_statement where organisation = $1", school.id
    )
    while await reactor.end() <= newest:
        await asyncio.sleep(0.001)
    for _ in range(2):
        with pytest.raises(Exception, match=r"terminat|closed|connection"):
            await reactor.work(school.id)
    assert await _posted(school, rule) == {}
    monkeypatch.setattr(claiming, "mark_voided", kept)
    await school.work()
    assert await _posted(school, rule) == {(one, rule): 1 for one in crowd}


async def test_killed_again_and_again_each_has_credits_once(
    fresh_database: Callable[[str], ServiceStore], app: FastAPI, keys: KeyRing
) -> None:
    """A process that works is killed by kill -9 at any moment, until everything is done."""
    store = fresh_database("creditbank")
    module = "tests.integration.creditbank.xapi.reactions.worker"
    secret = app.state.settings.key_encryption_key.get_secret_value()
    workers = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, store.database, secret, str(KILLED)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        kills = await _kill_until_done(workers)
    finally:
        assert workers.stdin is not None
        workers.stdin.close()
        await workers.wait()
    assert kills >= 3
    database = await Database(store.database, name="killing").start()
    rows = await database.pool.fetch("select learner, count(*) as n from lot group by learner")
    assert [row["n"] for row in rows] == [1] * KILLED
    assert await database.pool.fetchval("select count(*) from xapi_claim where state = 'posted'") == KILLED
    assert await findings(database, keys) == []
    await database.stop()


async def _kill_until_done(workers: asyncio.subprocess.Process) -> int:
    """Kill worker after worker, each after some steps; how many."""
    chance, kills = random.Random(5), 0  # noqa: S311  where to strike
    assert workers.stdin is not None
    assert workers.stdout is not None
    assert await workers.stdout.readline() == b"furnished\n"
    while True:
        workers.stdin.write(b"start\n")
        process = int(await workers.stdout.readline())
        heard = [await workers.stdout.readline() for _ in range(chance.randrange(1, 5))]
        if b"done\n" not in heard:
            await asyncio.sleep(chance.random() / 200)
            os.kill(process, signal.SIGKILL)
            kills += 1
        while (line := await workers.stdout.readline()) != b"ended\n":
            heard.append(line)
        if b"done\n" in heard:
            return kills
