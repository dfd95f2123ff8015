"""Cases of learners who are merged, erased or move, and what is told of them."""

import asyncpg

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.creditbank.learners.handlers import people_erased, people_merged
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.rules.conftest import Desk, Office
from tests.integration.creditbank.rules.test_cases import DISMISSED, about, opened
from tests.integration.creditbank.world import District, as_event


async def test_merged_records_have_one_case_and_the_erased_none(
    desk: Desk, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    student, survivor = district.students[0], district.students[1]
    address, entry = await opened(desk, district)
    connection = await database.connect()
    merged = {"id": str(student), "into": str(survivor), "version": 9}
    async with connection.transaction():
        await people_merged(connection, [as_event(merged)])
    for who in (student, survivor):
        assert (await desk.ok(who, "GET", address))["learner"] == str(survivor)
        assert len((await desk.ok(who, "GET", "/v1/cases"))["items"]) == 1
        assert await desk.refused(who, "POST", "/v1/cases", about(entry)) == (409, "case-under-way")
    await desk.ok(office.second, "POST", f"{address}/decision", DISMISSED)
    await desk.ok(survivor, "POST", f"{address}/appeal", {"reasons": "private"})
    async with connection.transaction():
        await people_erased(connection, [as_event({"id": str(one)}) for one in (survivor, student)])
    shown = await desk.ok(office.second, "GET", address)
    assert (shown["state"], shown["claim"], shown["appeal"]["reasons"]) == ("closed", "", "")
    assert {one["reasons"] for one in shown["decisions"]} == {""}
    left = await connection.fetchval(
        "select count(*) from learner_case where $1 in (opened_by, appealed_by)"
        " or $2 in (opened_by, appealed_by)",
        student, survivor,
    )  # fmt: skip
    assert left == 0
    await connection.close()


async def test_each_step_is_told(desk: Desk, office: Office, district: District, database: Database) -> None:
    address, entry = await opened(desk, district)
    await desk.ok(office.second, "POST", f"{address}/decision", DISMISSED)
    told = await database.pool.fetch(
        "select data->>'version' as version, data->>'state' as state, data->'about'->>'id' as about,"
        " json_array_length(data->'decisions') as decisions from outbox"
        " where type = 'creditbank.case.changed.v1' and subject = $1 order by position",
        address.rsplit("/", 1)[-1],
    )
    assert [tuple(one) for one in told] == [("1", "opened", entry, 0), ("2", "decided", entry, 1)]


async def test_a_learner_with_an_open_case_stays_at_home(
    desk: Desk, office: Office, district: District, database: Database, store: ServiceStore
) -> None:
    """What is disputed is settled before the books move to another node."""
    student = district.students[0]
    address, _ = await opened(desk, district)
    number = await database.pool.fetchval("select number from learner where id = $1", student)
    owner = await asyncpg.connect(store.migrations_database)
    query = "select departure_refusal($1::bigint, array[$1], 'elsewhere', array[$1], array[1::smallint])"
    assert await owner.fetchval(query, number) == "requests_waiting"
    await desk.ok(office.second, "POST", f"{address}/decision", DISMISSED)
    assert await owner.fetchval(query, number) is None
    await desk.ok(student, "POST", f"{address}/appeal", {"reasons": "once more"})
    assert await owner.fetchval(query, number) == "requests_waiting"
    await owner.close()
