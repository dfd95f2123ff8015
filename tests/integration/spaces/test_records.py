"""What creditbank sums up of a person's learning is in the portfolio of whoever it is by now."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.events import Event
from services.spaces.portfolio.schemas import Portfolio
from tests.integration.spaces.world import ERASED, MERGED, PERSON, World, event, person

SUMMARISED = "creditbank.record.summarised.v1"


def summarised(who: UUID, version: int, statements: int) -> Event:
    """What creditbank tells of a learner's record."""
    kind = {"id": "https://x.example/read", "name": {"en": "read", "zh": "阅读"}, "statements": statements}
    months = [{"month": "2026-11", "statements": statements}]
    summary = {
        "statements": statements,
        "months": months,
        "kinds": [kind],
        "subjects": [{**kind, "name": None}],
    }
    told = {"id": str(who), "learner": str(who), "version": version, "summary": summary}
    return event(SUMMARISED, told)


async def learning(world: World, who: UUID) -> Any:
    answer = await world.get(who, "/v1/portfolio")
    assert answer.status_code == 200, answer.text
    Portfolio.model_validate(answer.json())
    return answer.json()["learning"]


async def test_the_newest_summary_is_shown_whatever_comes_first(world: World) -> None:
    who = await world.someone(("student", world.school))
    assert await learning(world, who) is None
    await world.apply([summarised(who, 2, 7), summarised(who, 1, 3)])
    found = await learning(world, who)
    assert (found["statements"], found["months"]) == (7, [{"month": "2026-11", "statements": 7}])
    assert found["kinds"][0]["name"] == {"en": "read", "zh": "阅读"}
    await world.apply([summarised(who, 1, 3)])
    assert (await learning(world, who))["statements"] == 7
    await world.apply([summarised(who, 3, 8)])
    assert (await learning(world, who))["statements"] == 8


@pytest.mark.parametrize("consent", ["missing", "refused", "withdrawn"])
async def test_a_child_without_consent_has_no_learning_to_show(world: World, consent: str) -> None:
    who = await world.someone(("student", world.school))
    await world.apply([summarised(who, 1, 3)])
    roles = [("student", world.school)]
    await world.tell(PERSON, person(roles=roles, ident=who, version=90, consent=consent))
    assert await learning(world, who) is None
    await world.tell(PERSON, person(roles=roles, ident=who, version=91, consent="given"))
    assert (await learning(world, who))["statements"] == 3


async def test_merged_people_have_the_survivors_summary_and_erased_ones_none(world: World) -> None:
    who, other = uuid4(), uuid4()
    for one in (who, other):
        await world.tell(PERSON, person(roles=[("student", world.school)], ident=one))
    await world.apply([summarised(who, 1, 3), summarised(other, 5, 4)])
    await world.tell(MERGED, {"id": str(other), "into": str(who), "version": 99})
    await world.apply([summarised(other, 6, 5), summarised(who, 2, 7)])
    assert (await learning(world, who))["statements"] == 7
    assert (await learning(world, other))["statements"] == 7
    await world.tell(ERASED, {"id": str(who), "version": 100})
    await world.apply([summarised(who, 9, 9)])
    pool = world.app.state.database.pool
    assert not await pool.fetchval(
        "select exists (select from record_summary where person = any($1))", [who, other]
    )
