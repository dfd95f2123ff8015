"""What days change by themselves: roles, enrolments and birthdays are told when they come about."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.auth.calendar import service
from services.auth.calendar.workers import seconds_to_wait
from tests.integration.auth.conftest import settings_of

ZONE = "Asia/Shanghai"


@pytest.fixture
async def database(fresh_database: Callable[[str], ServiceStore]) -> AsyncIterator[Database]:
    """A database whose calendar is at yesterday."""
    opened = await Database(fresh_database("auth").database).start()
    await opened.pool.execute("update calendar set told_on = today() - 1")
    yield opened
    await opened.stop()


async def person(database: Database, *, role: str = "student", **days: Any) -> UUID:
    """Somebody with a role from and to these days, or born on one."""
    identifier = uuid4()
    async with database.pool.acquire() as connection:
        await connection.execute(
            "insert into organisation (id, type, name, ancestors)"
            " values ($1, 'school', $1::uuid::text, array[$1::uuid])",
            identifier,
        )
        await connection.execute(
            "insert into person (id, given_name, family_name, birth_date) values ($1, 'a', 'b', $2)",
            identifier,
            days.get("birth"),
        )
        await connection.execute(
            "insert into role_assignment (person_id, organisation_id, role, origin, begins_on, ends_on)"
            " values ($1, $1, $4, 'hand', $2, $3)",
            identifier,
            days.get("begins"),
            days.get("ends"),
            role,
        )
    return identifier


async def told(database: Database) -> dict[str, dict[str, Any]]:
    rows = await database.pool.fetch("select subject, data from outbox order by position")
    return {row["subject"]: json.loads(row["data"]) for row in rows}


async def today(database: Database) -> date:
    day: date = await database.pool.fetchval("select today()")
    return day


async def test_roles_are_told_when_they_begin_and_when_they_are_over(database: Database) -> None:
    day = await today(database)
    begins = await person(database, begins=day)
    over = await person(database, role="registrar", ends=day - timedelta(days=1))
    left = await person(database, ends=day - timedelta(days=1))
    unconcerned: list[dict[str, Any]] = [
        {"begins": day + timedelta(days=1)},
        {"begins": day - timedelta(days=1)},
        {"ends": day},
        {"ends": day - timedelta(days=2)},
        {},
    ]
    for days in unconcerned:
        await person(database, **days)
    assert await service.tell(database, time_zone=ZONE) == 3
    events = await told(database)
    assert set(events) == {str(begins), str(over), str(left)}
    assert len(events[str(begins)]["roles"]) == 1
    assert events[str(over)]["roles"] == [], "nobody acts for an institution after the last day"
    assert len(events[str(left)]["roles"]) == 1, "who learnt there keeps it until somebody closes it"
    assert events[str(left)]["consent"] == "not-needed", "a pupil of nowhere any more"
    assert await service.tell(database, time_zone=ZONE) == 0, "once a day is enough"


def birthday(day: date) -> date:
    """Born so that one turns fourteen on this day; on a 29 February nobody does."""
    if (day.month, day.day) == (2, 29):
        pytest.skip("nobody turns fourteen on a 29 February")
    return day.replace(year=day.year - 14)


async def test_whoever_turns_fourteen_today_needs_no_consent_any_more(database: Database) -> None:
    day = await today(database)
    turns = await person(database, birth=birthday(day))
    tomorrow = await person(database, birth=birthday(day) + timedelta(days=1))
    earlier = await person(database, birth=birthday(day) - timedelta(days=2))
    assert await service.tell(database, time_zone=ZONE) == 1
    events = await told(database)
    assert set(events) == {str(turns)}, (tomorrow, earlier)
    assert events[str(turns)]["consent"] == "not-needed"
    consents = await database.pool.fetch(
        "select person_id, consent from consent_of($1::uuid[], today())", [tomorrow, earlier]
    )
    assert {row["person_id"]: row["consent"] for row in consents} == {
        tomorrow: "missing",
        earlier: "not-needed",
    }


async def test_days_that_passed_while_no_service_ran_are_made_up_for(database: Database) -> None:
    day = await today(database)
    await database.pool.execute("update calendar set told_on = $1", day - timedelta(days=400))
    for back in (0, 1, 100, 399):
        await person(database, begins=day - timedelta(days=back))
        await person(database, birth=birthday(day - timedelta(days=back)))
    await person(database, begins=day - timedelta(days=400))
    assert await service.tell(database, time_zone=ZONE) == 8


async def test_enrolments_are_told_by_their_class(database: Database) -> None:
    day = await today(database)
    pupil = await person(database)
    for begins, ends in [(day, None), (None, day - timedelta(days=1)), (None, day), (None, None)]:
        group = uuid4()
        await database.pool.execute(
            "insert into class (id, school_id, title) values ($1, $2, 'x')", group, pupil
        )
        await database.pool.execute(
            "insert into enrolment (class_id, person_id, role, begins_on, ends_on)"
            " values ($1, $2, 'student', $3, $4)",
            group,
            pupil,
            begins,
            ends,
        )
    assert await service.tell(database, time_zone=ZONE) == 2
    assert sorted(len(event["members"]) for event in (await told(database)).values()) == [1, 1]


async def test_after_an_upgrade_everybody_is_told_of_once(database: Database) -> None:
    await database.pool.execute("update calendar set told_on = null")
    people = {str(await person(database)) for _ in range(3)}
    assert await service.tell(database, time_zone=ZONE) == 3
    assert set(await told(database)) == people
    assert await service.tell(database, time_zone=ZONE) == 0


async def test_of_two_processes_one_tells(database: Database) -> None:
    await person(database, begins=await today(database))
    async with database.pool.acquire() as other:
        await other.execute("select pg_advisory_lock(hashtextextended('calendar', 0))")
        assert await service.tell(database, time_zone=ZONE) is None
        await other.execute("select pg_advisory_unlock(hashtextextended('calendar', 0))")
    assert await service.tell(database, time_zone=ZONE) == 1


async def test_a_zone_whose_day_is_not_yet_there_takes_nothing_back_for_good(database: Database) -> None:
    """The day goes back by a change of the setting: whose role has not begun there yet is told so."""
    east = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
    west = datetime.now(ZoneInfo("Etc/GMT+12")).date()
    await database.pool.execute("update calendar set time_zone = 'Pacific/Kiritimati', told_on = $1", east)
    early = await person(database, begins=east)
    assert await service.tell(database, time_zone="Etc/GMT+12") == 1
    assert (await told(database))[str(early)]["roles"] == []
    assert await today(database) == west
    assert await service.tell(database, time_zone="Pacific/Kiritimati") == 1
    assert len((await told(database))[str(early)]["roles"]) == 1


def test_the_next_look_is_in_an_hour_or_right_after_midnight() -> None:
    zone = ZoneInfo(ZONE)
    assert seconds_to_wait(datetime(2026, 2, 28, 12, 0, tzinfo=zone)) == 3600
    assert seconds_to_wait(datetime(2026, 2, 28, 23, 59, 30, tzinfo=zone)) == 32


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Asia/Shanghai\0", "+08:00"])
def test_a_zone_that_is_none_stops_the_start(zone: str, service_database: Any) -> None:
    with pytest.raises(ValidationError, match="time zone"):
        settings_of(service_database("auth"), time_zone=zone)
