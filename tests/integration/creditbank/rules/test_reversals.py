"""A conversion is taken back by two people: all of it, once, and not while any of it is in use."""

import asyncio
from typing import Any

import asyncpg

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.books.service import audit
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import Kind, Operation, Place
from services.creditbank.ledger.service import Ledger
from tests.integration.creditbank.ledger.conftest import number_of
from tests.integration.creditbank.ledger.told import heard, known
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, conversion, programme
from tests.integration.creditbank.world import District

APPROVE = {"decision": "approved"}


async def converted(desk: Desk, publish: Publish, district: District, **terms: Any) -> dict[str, Any]:
    """2.25 and 1.00 credits of two courses become 4.50 ECTS of them; 0.37 stands in the rounding account."""
    student = district.students[0]
    lots = await desk.lots(
        student,
        (district.school, district.course, "2.25"),
        (district.school, district.district_course, "1.00"),
    )
    body = {
        "rule": await publish(conversion(**terms)),
        "lots": [{"lot": lots[0], "credits": "2.25"}, {"lot": lots[1], "credits": "1.00"}],
        "key": "c",
    }
    made: dict[str, Any] = await desk.ok(student, "POST", "/v1/conversions", body)
    return {**made, "body": body}


def corrections(district: District, made: dict[str, Any]) -> str:
    return f"/v1/learners/{district.students[0]}/conversions/{made['id']}/corrections"


async def balances(desk: Desk, district: District) -> dict[str, tuple[str, str, str]]:
    accounts = (await desk.bank.account(district.students[0]))["accounts"]
    return {one["scheme"]: (one["available"], one["converted"], one["revoked"]) for one in accounts}


async def test_a_conversion_is_taken_back_as_a_whole_by_two(
    desk: Desk,
    publish: Publish,
    office: Office,
    district: District,
    ects: str,
    database: Database,
    keys: KeyRing,
) -> None:
    student = district.students[0]
    made = await converted(desk, publish, district, most="4.00")
    assert await balances(desk, district) == {
        ects: ("4.50", "0.00", "0.00"),
        "xuebu:credits": ("0.00", "3.25", "0.00"),
    }
    path = corrections(district, made)
    reason = {"reason": "the rule was meant for others"}
    for stranger in (office.elsewhere, office.assessor, student, district.students[1]):
        assert (await desk.refused(stranger, "POST", path, reason))[0] == 404
    asked = await desk.ok(office.registrar, "POST", path, reason)
    assert (asked["kind"], asked["entry"], asked["state"]) == ("conversion", made["id"], "requested")
    assert await desk.refused(office.second, "POST", path, reason) == (409, "correction-under-way")
    assert await desk.waiting(office.second) == [("correction", asked["id"])]
    decision = f"/v1/corrections/{asked['id']}/decision"
    assert (await desk.refused(office.registrar, "POST", decision, APPROVE))[1] == "correction-needs-another"
    answers = await asyncio.gather(*(desk.ask(office.second, "POST", decision, APPROVE) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    done = next(one.json() for one in answers if one.status_code == 200)
    assert await balances(desk, district) == {
        ects: ("0.00", "0.00", "4.50"),
        "xuebu:credits": ("3.25", "0.00", "0.00"),
    }
    newest = (await desk.bank.entries(student, limit=1))["items"][0]
    assert (newest["id"], newest["kind"]) == (done["revocation"], "conversion_reversal")
    of_target = (await desk.bank.entries(student, scheme=ects))["items"]
    assert [one["kind"] for one in of_target] == [
        *["conversion_deposit_reversal"] * 2, *["conversion_deposit"] * 2,
    ]  # fmt: skip
    # Nothing is left in the rounding account, and of what came in what is revoked.
    sides = await database.pool.fetch(
        "select bucket, sum(amount)::bigint as amount from posting"
        " where institution = $1 and bucket in (8, 9) group by bucket order by bucket",
        district.school,
    )
    assert [tuple(one) for one in sides] == [(8, 0), (9, -450)]
    number = await number_of(database, student)
    connection = await database.connect()
    assert await audit(connection, keys) == []
    totals = await heard(connection, student, district.school)
    assert totals == await known(connection, [number], district.school)
    assert str(totals["xuebu:credits"][0]) == "3.25"
    await connection.close()
    assert await desk.refused(office.second, "POST", decision, APPROVE) == (409, "correction-decided")
    # What is taken back does not count towards the most that the rule converts.
    again = {**made["body"], "key": "d"}
    assert (await desk.ok(student, "POST", "/v1/conversions", again))["issued"] == "4.50"
    first = await desk.ok(student, "POST", "/v1/conversions", made["body"])
    assert (first["id"], first["reversed_by"]) == (made["id"], done["revocation"])


async def test_it_is_refused_while_the_new_credits_are_in_use_and_happens_once(
    desk: Desk,
    publish: Publish,
    office: Office,
    district: District,
    ects: str,
    database: Database,
    keys: KeyRing,
) -> None:
    student = district.students[0]
    made = await converted(desk, publish, district)
    degree = await publish(programme(total="1.00"), scheme=ects)
    award = await desk.ok(student, "POST", "/v1/awards", {"programme": degree, "key": "a"})
    asked = await desk.ok(office.registrar, "POST", corrections(district, made), {"reason": "x"})
    decision = f"/v1/corrections/{asked['id']}/decision"
    before = await balances(desk, district)
    assert await desk.refused(office.second, "POST", decision, APPROVE) == (409, "credits-in-use")
    granted = f"/v1/awards/{award['id']}"
    await desk.ok(office.second, "POST", f"{granted}/decision", {"decision": "approve"})
    assert await desk.refused(office.second, "POST", decision, APPROVE) == (409, "credits-in-use")
    assert (await balances(desk, district))["xuebu:credits"] == before["xuebu:credits"]
    await desk.ok(office.registrar, "POST", f"{granted}/rescission", {"reason": "x"})
    await desk.ok(office.second, "POST", f"{granted}/rescission/decision", {"decision": "approve"})
    await desk.ok(office.second, "POST", decision, APPROVE)
    assert (await balances(desk, district))["xuebu:credits"] == ("3.25", "0.00", "0.00")
    once_more = await desk.ok(office.registrar, "POST", corrections(district, made), {"reason": "x"})
    decision = f"/v1/corrections/{once_more['id']}/decision"
    assert await desk.refused(office.second, "POST", decision, APPROVE) == (409, "entry-reversed")
    connection = await database.connect()
    assert await audit(connection, keys) == []
    await connection.close()


_PARTS = """
select available, converted, expired, revoked from lot where learner = $1 order by scheme, number
"""


async def test_what_has_expired_meanwhile_comes_back_and_expires(
    desk: Desk,
    publish: Publish,
    district: District,
    ects: str,
    database: Database,
    keys: KeyRing,
    store: ServiceStore,
) -> None:
    """Live again is what is valid still: of what is not the next sweep makes an end."""
    await converted(desk, publish, district)
    number = await number_of(database, district.students[0])
    ledger = Ledger(keys)
    owner = await asyncpg.connect(store.migrations_database)
    day = owner.transaction()
    await day.start()
    try:
        # as if the day came in between: taken back in the end, since no book could say so
        await owner.execute("update lot set expires_on = '2026-01-31' where learner = $1", number)
        swept = Operation(Kind.EXPIRY, number, 900, "e1", new_id())
        assert [one.outcome for one in await ledger.post(owner, [swept])] == ["posted"]
        query = "select scheme, sequence from entry where learner = $1 and kind = 7"
        at = await owner.fetchrow(query, number)
        assert at is not None
        back = await ledger.reverse_conversion(owner, Place(number, *at), key="k")
        assert (await ledger.reverse_conversion(owner, Place(number, *at), key="k")).id == back.id
        rows = [tuple(one) for one in await owner.fetch(_PARTS, number)]
        assert rows == [(225, 0, 0, 0), (100, 0, 0, 0), (0, 0, 0, 300), (0, 0, 0, 150)]
        assert await heard(owner, district.students[0], district.school) == await known(
            owner, [number], district.school
        )
        swept = Operation(Kind.EXPIRY, number, at["scheme"], "e2", new_id())
        await ledger.post(owner, [swept])
        rows = [tuple(one) for one in await owner.fetch(_PARTS, number)]
        assert rows[:2] == [(0, 0, 225, 0), (0, 0, 100, 0)]
    finally:
        await day.rollback()
        await owner.close()


async def test_a_case_has_a_conversion_taken_back(
    desk: Desk, publish: Publish, office: Office, district: District, ects: str
) -> None:
    student = district.students[0]
    made = await converted(desk, publish, district)
    about = {"about": {"kind": "entry", "id": made["id"]}, "claim": "By mistake.", "key": "1"}
    case = await desk.ok(student, "POST", "/v1/cases", about)
    path = f"/v1/cases/{case['id']}"
    upheld = {"outcome": "upheld", "reasons": "So it was.", "remedy": {"kind": "revocation"}}
    assert await desk.refused(office.registrar, "POST", f"{path}/decision", upheld) == (422, "remedy-unfit")
    upheld["remedy"] = {"kind": "reversal"}
    decided = await desk.ok(office.registrar, "POST", f"{path}/decision", upheld)
    (remedy,) = decided["remedies"]
    assert (remedy["kind"], remedy["done"]) == ("correction", False)
    await desk.ok(office.second, "POST", f"/v1/corrections/{remedy['id']}/decision", APPROVE)
    shown = await desk.ok(student, "GET", path)
    assert (shown["state"], len(shown["remedies"][0]["entries"])) == ("corrected", 1)
    assert (await balances(desk, district))["xuebu:credits"] == ("3.25", "0.00", "0.00")
