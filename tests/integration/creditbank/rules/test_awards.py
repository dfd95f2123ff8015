"""From credits to an award and back, and every way in which it is refused."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.creditbank.books.service import audit
from services.creditbank.learners.handlers import people_erased, people_merged
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, programme
from tests.integration.creditbank.world import District, as_event, person, tell_of_people

APPROVE = {"decision": "approve"}


async def two_lots(desk: Desk, district: District) -> list[int]:
    student = district.students[0]
    return await desk.lots(
        student,
        (district.school, district.course, "2.00"),
        (district.school, district.district_course, "1.50"),
    )


async def test_an_audit_explains_in_both_languages(desk: Desk, publish: Publish, district: District) -> None:
    rules = await publish(programme(residency_percent=50))
    student = district.students[0]
    address = f"/v1/programmes/{rules}/audit"
    empty = await desk.ok(student, "POST", address, {})
    assert [one["rule"] for one in empty["measures"] if one["explanation"]] == ["total", "residency"]
    assert "3.00 credits are needed" in empty["measures"][0]["explanation"]
    chinese = await desk.ok(student, "POST", address, {}, headers={"Accept-Language": "zh-CN"})
    assert "总共需要 3.00 学分" in chinese["measures"][0]["explanation"]
    lots = await two_lots(desk, district)
    full = await desk.ok(student, "POST", address, {})
    assert (full["met"], full["counted"]) == (True, "3.00")
    assert sum(float(one["credits"]) for one in full["not_counting"]) == 0.5
    part = await desk.ok(student, "POST", address, {"lots": lots[:1]})
    assert (part["met"], part["counted"]) == (False, "2.00")
    planned = {"lots": lots[:1], "planned": [{"course": str(district.district_course), "credits": "1.00"}]}
    assert (await desk.ok(student, "POST", address, planned))["met"] is True
    assert await desk.refused(student, "POST", address, {"lots": [999]}) == (404, "lot-unknown")
    nowhere = {"planned": [{"course": str(uuid4()), "credits": "1.00"}]}
    assert await desk.refused(student, "POST", address, nowhere) == (404, "course-unknown")


async def test_an_award_is_held_approved_spent_and_rescinded(
    desk: Desk, publish: Publish, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    rules = await publish(programme())
    student = district.students[0]
    await two_lots(desk, district)
    asked = {"programme": rules, "key": "a"}
    award = await desk.ok(student, "POST", "/v1/awards", asked)
    assert award["state"] == "requested"
    assert (await desk.bank.account(student))["accounts"][0]["held"] == "3.00"
    assert await desk.ok(student, "POST", "/v1/awards", asked) == award
    other = {**asked, "lots": [1]}
    assert await desk.refused(student, "POST", "/v1/awards", other) == (409, "idempotency-conflict")
    address = f"/v1/awards/{award['id']}"
    assert await desk.waiting(office.registrar) == [("award", award["id"])]
    for stranger in (office.elsewhere, office.assessor, district.students[1]):
        assert (await desk.refused(stranger, "POST", f"{address}/decision", APPROVE))[0] == 404
        assert (await desk.refused(stranger, "GET", address))[0] == 404
    granted = await desk.ok(office.registrar, "POST", f"{address}/decision", APPROVE)
    assert (granted["state"], len(granted["entries"])) == ("certified", 1)
    assert await desk.refused(office.second, "POST", f"{address}/decision", APPROVE) == (
        409,
        "decision-not-due",
    )
    account = (await desk.bank.account(student))["accounts"][0]
    assert (account["redeemed"], account["held"], account["available"]) == ("3.00", "0.00", "0.50")
    again = {"programme": rules, "key": "b"}
    assert await desk.refused(student, "POST", "/v1/awards", again) == (409, "programme-not-met")
    why = (await desk.ask(student, "POST", "/v1/awards", again)).json()
    assert why["unmet"].startswith("total")
    assert why["detail"].startswith("3.00 credits are needed in all; 0.50 count, 2.50 are missing.")

    await desk.ok(office.registrar, "POST", f"{address}/rescission", {"reason": "a forged paper"})
    decision = f"{address}/rescission/decision"
    assert await desk.refused(office.registrar, "POST", decision, APPROVE) == (403, "another-must-decide")
    assert await desk.waiting(office.second) == [("rescission", award["id"])]
    rescinded = await desk.ok(office.second, "POST", decision, APPROVE)
    assert rescinded["state"] == "rescinded"
    assert await desk.refused(office.above, "POST", decision, APPROVE) == (409, "decision-not-due")
    account = (await desk.bank.account(student))["accounts"][0]
    assert (account["redeemed"], account["available"]) == ("0.00", "3.50")
    async with database.pool.acquire() as connection:
        assert await audit(connection, keys) == []  # type: ignore[arg-type]


async def test_a_registrar_does_not_grant_the_own_award(
    desk: Desk, publish: Publish, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    rules = await publish(programme())
    learner = district.students[2]
    await tell_of_people(
        database,
        keys,
        person(learner, ("student", district.school), ("registrar", district.school), version=2),
    )
    await desk.lots(learner, (district.school, district.course, "3.00"))
    award = await desk.ok(learner, "POST", "/v1/awards", {"programme": rules, "key": "a"})
    address = f"/v1/awards/{award['id']}/decision"
    assert await desk.waiting(learner) == []
    assert await desk.refused(learner, "POST", address, APPROVE) == (403, "another-must-decide")
    # Nor under another id that turns out to be the same person's.
    connection = await database.connect()
    event = as_event({"id": learner, "into": office.registrar, "version": 3})
    async with connection.transaction():
        await people_merged(connection, [event])
    await connection.close()
    assert await desk.refused(office.registrar, "POST", address, APPROVE) == (403, "another-must-decide")
    assert (await desk.ok(office.second, "POST", address, APPROVE))["state"] == "certified"


@pytest.mark.parametrize("end", ["withdrawal", "rejection"])
async def test_what_is_not_granted_is_free_again(
    desk: Desk, publish: Publish, office: Office, district: District, end: str
) -> None:
    rules = await publish(programme())
    student = district.students[0]
    await two_lots(desk, district)
    award = await desk.ok(student, "POST", "/v1/awards", {"programme": rules, "key": "a"})
    address = f"/v1/awards/{award['id']}"
    if end == "withdrawal":
        assert (await desk.refused(office.registrar, "POST", f"{address}/withdrawal"))[0] == 404
        ended = await desk.ok(student, "POST", f"{address}/withdrawal")
        assert ended["state"] == "withdrawn"
    else:
        decision = {"decision": "reject", "reason": "not enrolled"}
        ended = await desk.ok(office.registrar, "POST", f"{address}/decision", decision)
        assert (ended["state"], ended["reason"]) == ("refused", "not enrolled")
    assert (await desk.bank.account(student))["accounts"][0]["available"] == "3.50"
    assert await desk.refused(office.second, "POST", f"{address}/decision", APPROVE) == (
        409,
        "decision-not-due",
    )
    assert [one["id"] for one in (await desk.ok(student, "GET", "/v1/awards"))["items"]] == [award["id"]]


async def test_eight_at_once_ask_for_the_same_credits(
    desk: Desk, publish: Publish, district: District
) -> None:
    rules = await publish(programme())
    student = district.students[0]
    await two_lots(desk, district)
    answers = await asyncio.gather(
        *(desk.ask(student, "POST", "/v1/awards", {"programme": rules, "key": f"k{n}"}) for n in range(8))
    )
    assert sorted(one.status_code for one in answers) == [201] + [409] * 7
    account = (await desk.bank.account(student))["accounts"][0]
    assert (account["held"], account["available"]) == ("3.00", "0.50")


async def test_eight_at_once_decide_the_same_award(
    desk: Desk, publish: Publish, office: Office, district: District
) -> None:
    rules = await publish(programme())
    student = district.students[0]
    await two_lots(desk, district)
    award = await desk.ok(student, "POST", "/v1/awards", {"programme": rules, "key": "a"})
    address = f"/v1/awards/{award['id']}/decision"
    deciders = [office.registrar, office.second, office.above, office.registrar] * 2
    decisions = [{"decision": "approve" if n % 2 else "reject"} for n in range(8)]
    answers = await asyncio.gather(
        *(desk.ask(who, "POST", address, how) for who, how in zip(deciders, decisions, strict=True))
    )
    assert sorted(one.status_code for one in answers) == [200] + [409] * 7
    account = (await desk.bank.account(student))["accounts"][0]
    assert account["held"] == "0.00"
    assert account["redeemed"] in ("0.00", "3.00")


async def test_an_award_whose_time_is_over_has_lapsed(
    desk: Desk, publish: Publish, office: Office, district: District, store: ServiceStore, database: Database
) -> None:
    rules = await publish(programme())
    student = district.students[0]
    await two_lots(desk, district)
    award = await desk.ok(student, "POST", "/v1/awards", {"programme": rules, "key": "a"})
    connection = await asyncpg.connect(store.migrations_database)
    await connection.execute("update award set until = now() where id = $1", award["id"])
    await connection.close()
    address = f"/v1/awards/{award['id']}"
    assert (await desk.ok(student, "GET", address))["state"] == "lapsed"
    assert await desk.refused(office.registrar, "POST", f"{address}/decision", APPROVE) == (
        409,
        "decision-not-due",
    )
    assert await desk.waiting(office.registrar) == []


async def test_nothing_leads_from_the_erased_to_their_award(
    desk: Desk, publish: Publish, district: District, database: Database
) -> None:
    rules = await publish(programme())
    student = district.students[0]
    await two_lots(desk, district)
    await desk.ok(student, "POST", "/v1/awards", {"programme": rules, "key": "a"})
    connection = await database.connect()
    async with connection.transaction():
        await people_erased(connection, [as_event({"id": student, "version": 9})])
    rows = await connection.fetchval("select count(*) from award where requested_by = $1", student)
    await connection.close()
    assert rows == 0
    assert (await desk.ok(student, "GET", "/v1/awards"))["items"] == []


async def test_the_audit_names_an_award_that_breaks_its_rules(
    desk: Desk,
    publish: Publish,
    office: Office,
    district: District,
    store: ServiceStore,
    database: Database,
    keys: KeyRing,
) -> None:
    """Each statement alters what the service cannot: the audit finds it, and it is put back."""
    rules = await publish(programme(residency_percent=50))
    student = district.students[0]
    await two_lots(desk, district)
    award = await desk.ok(student, "POST", "/v1/awards", {"programme": rules, "key": "a"})
    await desk.ok(office.registrar, "POST", f"/v1/awards/{award['id']}/decision", APPROVE)
    connection = await asyncpg.connect(store.migrations_database)
    changes = {
        13: "update award set facts = replace(facts::text, '\"is_own\":true', '\"is_own\":false')::json",
        5: "update award_lot set amount = amount + 1",
        16: "update award set decided_by = null",
    }
    for invariant, change in changes.items():
        column = "award" if "award_lot" in change else "id"
        before = await connection.fetch(f"select * from {change.split()[1]} where {column} = $1", award["id"])
        await connection.execute(f"{change} where {column} = $1", award["id"])
        async with database.pool.acquire() as reader:
            found = await audit(reader, keys)  # type: ignore[arg-type]
        assert invariant in {one.invariant for one in found}
        for row in before:
            if column == "award":
                await connection.execute(
                    "update award_lot set amount = $2 where award = $1 and number = $3 and requirement = $4",
                    award["id"],
                    row["amount"],
                    row["number"],
                    row["requirement"],
                )
            else:
                await connection.execute(
                    "update award set facts = $2, decided_by = $3 where id = $1",
                    award["id"],
                    row["facts"],
                    row["decided_by"],
                )
    await connection.close()
    async with database.pool.acquire() as reader:
        assert await audit(reader, keys) == []  # type: ignore[arg-type]


async def test_the_books_of_a_merged_learner_count_together(
    desk: Desk, publish: Publish, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    """One award of two books: a hold in each, and no entry names both."""
    rules = await publish(programme())
    kept, other, _ = district.students
    await desk.lots(kept, (district.school, district.course, "2.00"))
    await desk.lots(other, (district.school, district.district_course, "1.00"))
    connection = await database.connect()
    async with connection.transaction():
        await people_merged(connection, [as_event({"id": other, "into": kept, "version": 3})])
    await connection.close()
    award = await desk.ok(kept, "POST", "/v1/awards", {"programme": rules, "key": "a"})
    address = f"/v1/awards/{award['id']}"
    assert await desk.ok(other, "GET", address) == award
    granted = await desk.ok(office.registrar, "POST", f"{address}/decision", APPROVE)
    assert len(granted["entries"]) == 2
    assert (await desk.bank.account(kept))["accounts"][0]["redeemed"] == "3.00"
    await desk.ok(office.registrar, "POST", f"{address}/rescission", {"reason": "a mistake"})
    await desk.ok(office.second, "POST", f"{address}/rescission/decision", APPROVE)
    assert (await desk.bank.account(kept))["accounts"][0]["available"] == "3.00"
    async with database.pool.acquire() as reader:
        assert await audit(reader, keys) == []  # type: ignore[arg-type]
