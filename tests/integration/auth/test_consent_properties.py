"""The rules of age and consent as the database has them, against the same rules in Python."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.auth.guardians.rules import Decision, can_follow, consent_of, fourteen_on

DAYS = st.dates(date(1950, 1, 1), date(2080, 12, 31))
DECISION = st.sampled_from(["given", "refused", "withdrawn"])
LAX = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.fixture(scope="module")
def pool(auth_app: FastAPI) -> object:
    return auth_app.state.database.pool


@settings(max_examples=300, deadline=None, suppress_health_check=LAX)
@given(DAYS)
@example(date(2012, 2, 29))
@example(date(2014, 2, 28))
@example(date(2014, 3, 1))
async def test_the_fourteenth_birthday_in_sql_and_in_python(pool: Database, birth: date) -> None:
    assert await pool.fetchval("select fourteen_on($1)", birth) == fourteen_on(birth)  # type: ignore[attr-defined]


@given(DAYS)
def test_fourteen_is_reached_on_a_day_of_the_same_name(birth: date) -> None:
    day = fourteen_on(birth)
    assert day.year == birth.year + 14
    assert (day.month, day.day) == (birth.month, birth.day) or (birth.month, birth.day) == (2, 29)


def test_born_on_29_february_one_is_fourteen_on_1_march() -> None:
    assert fourteen_on(date(2012, 2, 29)) == date(2026, 3, 1)
    assert fourteen_on(date(2012, 2, 28)) == date(2026, 2, 28)
    assert fourteen_on(date(2014, 3, 1)) == date(2028, 3, 1)


@given(DECISION, DECISION)
def test_consent_can_always_be_withdrawn_and_nothing_else_takes_it_back(
    before: Decision, wish: Decision
) -> None:
    if before == "given":
        assert can_follow(before, wish) == (wish == "withdrawn")
    else:
        assert can_follow(before, wish) == (wish == "given")
    assert not can_follow(None, "withdrawn")


@given(st.lists(DECISION, max_size=4), DECISION)
def test_no_decision_of_one_guardian_undoes_an_objection_of_another(
    said: list[Decision], more: Decision
) -> None:
    before, after = (
        consent_of(is_needed=True, decisions=said),
        consent_of(is_needed=True, decisions=[*said, more]),
    )
    weight = ["missing", "given", "refused", "withdrawn"]
    assert weight.index(after) >= weight.index(before)
    assert consent_of(is_needed=False, decisions=said) == "not-needed"


@settings(max_examples=40, deadline=None, suppress_health_check=LAX)
@given(
    birth=st.one_of(st.none(), DAYS),
    day=DAYS,
    is_pupil=st.booleans(),
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.one_of(DECISION, st.just("leaves"), st.just("returns"))), max_size=8
    ),
)
async def test_consent_in_sql_and_in_python(
    pool: Database, birth: date | None, day: date, is_pupil: bool, steps: list[tuple[int, str]]
) -> None:
    async with pool.acquire() as connection:  # type: ignore[attr-defined]
        transaction = connection.transaction()
        await transaction.start()
        try:
            child, present, last = (
                await _family(connection, birth, is_pupil),
                {0, 1, 2},
                dict[int, Decision](),
            )
            guardians = [
                row["guardian_id"]
                for row in await connection.fetch(
                    "select guardian_id from guardianship where child_id = $1 order by id", child
                )
            ]
            for who, what in steps:
                if what in ("leaves", "returns"):
                    (present.discard if what == "leaves" else present.add)(who)
                    await connection.execute(
                        "update guardianship set status = $3, ended_by = $4"
                        " where child_id = $1 and guardian_id = $2",
                        child,
                        guardians[who],
                        *(("ended", "hand") if what == "leaves" else ("open", None)),
                    )
                else:
                    last[who] = what  # type: ignore[assignment]
                    await connection.execute(
                        "insert into guardian_consent (child_id, guardian_id, decision, text_version)"
                        " values ($1, $2, $3, '1')",
                        child,
                        guardians[who],
                        what,
                    )
            is_needed = fourteen_on(birth) > day if birth else is_pupil
            decisions = [decision for who, decision in last.items() if who in present]
            found = await connection.fetchval(
                "select consent from consent_of(array[$1::uuid], $2)", child, day
            )
            assert found == consent_of(is_needed=is_needed, decisions=decisions)
        finally:
            await transaction.rollback()


async def _family(connection: object, birth: date | None, is_pupil: bool) -> UUID:
    """A child with three guardians, a student of a school or of a university."""
    child: UUID = await connection.fetchval(  # type: ignore[attr-defined]
        """
        with place as (
          insert into organisation (id, type, name, ancestors) values ($1, $2, 'x', array[$1::uuid])
          returning id
        ), child as (
          insert into person (given_name, family_name, birth_date) values ('a', 'b', $3) returning id
        ), study as (
          insert into role_assignment (person_id, organisation_id, role, origin)
          select child.id, place.id, 'student', 'hand' from child, place
        ), guardian as (
          insert into person (given_name, family_name) select 'a', 'b' from generate_series(1, 3) returning id
        ), care as (
          insert into guardianship (guardian_id, child_id, relation, origin)
          select guardian.id, child.id, 'parent', 'hand' from guardian, child
        )
        select id from child
        """,
        uuid4(),
        "school" if is_pupil else "university",
        birth,
    )
    return child


@settings(max_examples=60, deadline=None, suppress_health_check=LAX)
@given(at=st.integers(946_684_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "UTC"])
async def test_a_day_begins_where_the_platform_is(pool: Database, zone: str, at: datetime) -> None:
    """today() is `now()` in the platform's zone; the same expression for any time and zone."""
    found = await pool.fetchval("select ($1::timestamptz at time zone $2)::date", at, zone)  # type: ignore[attr-defined]
    assert found == at.astimezone(ZoneInfo(zone)).date()


async def test_today_follows_the_setting(fresh_database: Callable[[str], ServiceStore]) -> None:
    database = await Database(fresh_database("auth").database).start()
    try:
        days = {}
        for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
            await database.pool.execute("update calendar set time_zone = $1", zone)
            days[zone] = await database.pool.fetchval("select today()")
            assert days[zone] == datetime.now(ZoneInfo(zone)).date()
        assert days["Pacific/Kiritimati"] - days["Etc/GMT+12"] in (timedelta(1), timedelta(2))
    finally:
        await database.stop()
