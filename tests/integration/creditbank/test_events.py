"""Events of auth: applied twice or out of order they leave the same state, and every student one account."""

import itertools
from typing import Any
from uuid import UUID

import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import (
    District,
    course,
    organisation,
    person,
    tell_of_courses,
    tell_of_organisations,
    tell_of_people,
)

_STATE = """
select l.version, l.status,
  array(select (anchor, sourced_id)::text from learner_identifier where learner = l.number order by 1)
    as names,
  array(select (organisation, roles)::text from learner_organisation where learner = l.number order by 1)
    as roles,
  (select count(*) from account where learner = l.number) as accounts,
  (select count(*) from shred_key where learner = l.number) as keys
from learner l where l.id = $1
"""


async def _state(database: Database, learner: UUID) -> dict[str, Any]:
    return dict(await database.pool.fetchrow(_STATE, learner) or {})


async def test_every_student_has_one_account_and_one_key(
    database: Database, keys: KeyRing, district: District
) -> None:
    learner = new_id()
    told = person(learner, ("student", district.school), ("teacher", district.school))
    for _ in range(3):
        await tell_of_people(database, keys, told, told)
    state = await _state(database, learner)
    assert (state["accounts"], state["keys"]) == (1, 1)
    assert state["roles"] == [f'({district.school},"{{student,teacher}}")']


async def test_others_have_none_until_they_become_students(
    database: Database, keys: KeyRing, district: District
) -> None:
    learner = new_id()
    await tell_of_people(database, keys, person(learner, ("teacher", district.school)))
    assert (await _state(database, learner))["accounts"] == 0
    await tell_of_people(database, keys, person(learner, ("student", district.school), version=2))
    assert (await _state(database, learner))["accounts"] == 1


async def test_who_leaves_keeps_account_and_the_memory_of_the_place(
    database: Database, keys: KeyRing, district: District
) -> None:
    student = district.students[0]
    await tell_of_people(database, keys, person(student, version=2, status="closed"))
    state = await _state(database, student)
    assert (state["accounts"], state["roles"], state["names"]) == (1, [f"({district.school},{{}})"], [])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_snapshots_may_come_in_any_order(
    database: Database, keys: KeyRing, district: District, order: tuple[int, ...]
) -> None:
    learner = new_id()
    snapshots = [
        person(
            learner,
            ("student", district.school if version < 3 else district.other_school),
            version=version,
            identifiers=[{"organisation": district.district, "sourced_id": f"{learner}-{version}"}],
        )
        for version in (1, 2, 3)
    ]
    for n in order:
        await tell_of_people(database, keys, snapshots[n])
    state = await _state(database, learner)
    assert (state["version"], state["accounts"], state["keys"]) == (3, 1, 1)
    assert state["names"] == [f"({district.district},{learner}-3)"]
    assert f"({district.other_school},{{student}})" in state["roles"]


async def test_an_identifier_may_pass_to_another_person_in_one_batch(
    database: Database, keys: KeyRing, district: District
) -> None:
    called = [{"organisation": district.district, "sourced_id": "S-0"}]
    heir = new_id()
    await tell_of_people(
        database,
        keys,
        person(heir, ("student", district.school), identifiers=called),
        person(district.students[0], ("student", district.school), version=2),
    )
    assert (await _state(database, heir))["names"] == [f"({district.district},S-0)"]
    assert (await _state(database, district.students[0]))["names"] == []


async def test_an_older_snapshot_of_an_organisation_or_course_is_ignored(
    database: Database, district: District
) -> None:
    line = [district.region, district.district]
    await tell_of_organisations(
        database,
        organisation(district.school, line, version=3, name="Newest"),
        organisation(district.school, line, version=2, name="Older"),
    )
    await tell_of_organisations(database, organisation(district.school, line, version=1, name="Oldest"))
    await tell_of_courses(database, course(district.course, district.school, version=2, title="New"))
    await tell_of_courses(database, course(district.course, district.school, version=1, title="Old"))
    assert (
        await database.pool.fetchval("select name from institution where id = $1", district.school)
        == "Newest"
    )
    assert await database.pool.fetchval("select title from outcome where id = $1", district.course) == "New"


async def test_people_may_be_told_of_before_their_organisation(
    bank: Bank, database: Database, keys: KeyRing
) -> None:
    made = District(students=[new_id()])
    await tell_of_people(
        database,
        keys,
        person(
            made.students[0],
            ("student", made.school),
            identifiers=[{"organisation": made.school, "sourced_id": "S-0"}],
        ),
    )
    await tell_of_courses(database, course(made.course, made.school))
    assert (await bank.post(made.school, item("S-0", made.course))).status_code == 404
    await tell_of_organisations(database, organisation(made.school, []))
    assert (await bank.posted(made.school, item("S-0", made.course)))["posted"] == 1
