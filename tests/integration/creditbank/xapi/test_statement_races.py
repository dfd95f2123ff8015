"""Many who write at once, and many real statements: no deadlock, nothing lost, nothing twice."""

import asyncio
import gzip
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.integration.creditbank.xapi.conftest import Tool
from tests.integration.creditbank.xapi.statements import (
    PATH,
    about,
    activity,
    fresh,
    ids,
    listed,
    one,
    statement,
    stored,
)

REAL = Path(__file__).resolve().parents[5] / "shared" / "data" / "xapi" / "mooc_statements.json.gz"
BATCH = 500


async def test_64_batches_over_ten_shared_activities_lose_nothing(tool: Tool) -> None:
    """In every order of activities, with definitions that differ each time, and a fifth of all sent twice."""
    chance = random.Random(64)  # noqa: S311  only an order
    shared = [fresh("shared") for _ in range(10)]
    verb = {"id": fresh("verb")}
    twice = [statement(verb=verb, object=activity(shared[0])) for _ in range(8)]
    batches = []
    for number in range(64):
        order = chance.sample(shared, k=10)
        batch = [
            statement(
                verb=verb,
                object=activity(identifier, name={"en": f"Shared {number}"}),
                context={
                    "contextActivities": {"grouping": [activity(order[0], name={"zh-CN": f"{number}"})]}
                },
            )
            for identifier in order
        ]
        batch += chance.sample(twice, k=4)
        chance.shuffle(batch)
        batches.append(batch)
    answers = await asyncio.gather(*(tool.post(PATH, json=batch) for batch in batches))
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json() for answer in answers] == [[each["id"] for each in batch] for batch in batches]
    found = await ids(tool, verb=verb["id"])
    assert len(found) == len(set(found))
    assert set(found) == {each["id"] for batch in batches for each in batch}


async def test_references_and_plain_statements_at_once_lock_nobody_out(tool: Tool) -> None:
    target = statement(verb={"id": fresh("verb")})
    comments = [about(target) for _ in range(16)]
    plain = [[statement() for _ in range(5)] for _ in range(16)]
    requests = [*([each] for each in comments), *plain, [target]]
    answers = await asyncio.gather(*(tool.post(PATH, json=each) for each in requests))
    assert {answer.status_code for answer in answers} == {200}
    assert set(await ids(tool, verb=target["verb"]["id"])) == {each["id"] for each in [target, *comments]}


async def test_single_statements_at_once_are_each_answered_by_themselves(tool: Tool, elsewhere: Tool) -> None:
    """What is stored together is one transaction, but a conflict or a repetition is nobody else's."""
    verb = {"id": fresh("verb")}
    there, twice = statement(verb=verb), statement(verb=verb)
    await stored(tool, there)
    plain = [statement(verb=verb) for _ in range(24)]
    other = {**there, "result": {"success": False}}
    alike = [statement(verb=verb) for _ in range(4)]
    requests = [(tool, each) for each in (*plain[:12], other, there, twice, twice, *plain[12:], *alike)]
    requests += [(elsewhere, each) for each in alike]
    answers = await asyncio.gather(*(who.post(PATH, json=each) for who, each in requests))
    for (_, sent), answer in zip(requests, answers, strict=True):
        assert answer.status_code == (409 if sent is other else 200), answer.text
    expected = {each["id"] for each in (there, twice, *plain, *alike)}
    found = await ids(tool, verb=verb["id"])
    assert (len(found), set(found)) == (len(expected), expected)
    assert set(await ids(elsewhere, verb=verb["id"])) == {each["id"] for each in alike}


async def test_the_order_of_a_list_is_that_of_storing(tool: Tool) -> None:
    await asyncio.gather(*(stored(tool, *(statement() for _ in range(5))) for _ in range(10)))
    times = [each["stored"] for each in await listed(tool, limit="7")]
    assert len(times) == 50
    assert times == sorted(times, reverse=True)


def _real() -> list[dict[str, Any]]:
    if not REAL.exists():
        pytest.skip("the real statements are not beside this checkout")
    with gzip.open(REAL) as lines:
        return [orjson.loads(line) for line in lines]


async def test_22000_real_statements_go_in_twice_and_come_out_equal(tool: Tool) -> None:
    sent = _real()
    assert len(sent) == 22_000
    for _ in range(2):
        for start in range(0, len(sent), BATCH):
            batch = sent[start : start + BATCH]
            answer = await tool.post(
                PATH, content=orjson.dumps(batch), headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 200, answer.text
            assert answer.json() == [each["id"] for each in batch]
    found = await listed(tool, ascending="true")
    assigned = {"authority", "stored", "version"}
    assert [{name: value for name, value in each.items() if name not in assigned} for each in found] == sent
    sample = sent[12_345]
    assert (await one(tool, sample["id"]))["object"] == sample["object"]
    actor = orjson.dumps(sample["actor"]).decode()
    assert await ids(tool, agent=actor, ascending="true") == [
        each["id"] for each in sent if each["actor"] == sample["actor"]
    ]
