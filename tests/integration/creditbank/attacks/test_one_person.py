"""One person does what needs two: with two roles, two records, or for the own benefit."""

import base64
from typing import Any
from uuid import UUID

import orjson
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.approvals.handlers import client_entrusted
from services.creditbank.learners.handlers import people_merged
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, programme, rule
from tests.integration.creditbank.sending import HEADER, Files, row
from tests.integration.creditbank.world import District, as_event, person, tell_of_people

APPROVE = {"decision": "approve"}


async def merge(database: Database, other: UUID, into: UUID) -> None:
    connection = await database.connect()
    async with connection.transaction():
        await people_merged(connection, [as_event({"id": other, "into": into, "version": 50})])
    await connection.close()


@pytest.fixture
async def many_roles(database: Database, keys: KeyRing, district: District) -> UUID:
    """Registrar, administrator, assessor and student at once, at the school and above."""
    identifier = new_id()
    roles = [
        (role, place)
        for role in ("registrar", "administrator", "assessor", "student")
        for place in (district.school, district.district, district.region)
    ]
    await tell_of_people(database, keys, person(identifier, *roles))
    return identifier


async def test_roles_do_not_make_two_people_of_one(
    desk: Desk, bank: Bank, publish: Publish, office: Office, district: District, many_roles: UUID
) -> None:
    """Whoever holds every role asks and decides; each decision is refused."""
    me = many_roles
    made = await desk.ok(me, "POST", "/v1/rules", rule(district.school, programme()))
    assert await desk.refused(me, "POST", f"/v1/rules/{made['id']}/decision", APPROVE) == (
        403,
        "another-must-decide",
    )
    lots = await desk.lots(me, (district.school, district.course, "3.00"))
    rules = await publish(programme())
    award = await desk.ok(me, "POST", "/v1/awards", {"programme": rules, "key": "a"})
    address = f"/v1/awards/{award['id']}"
    assert (await desk.refused(me, "POST", f"{address}/decision", APPROVE))[0] == 403
    await desk.ok(office.registrar, "POST", f"{address}/decision", APPROVE)
    await desk.ok(me, "POST", f"{address}/rescission", {"reason": "x"})
    assert (await desk.refused(me, "POST", f"{address}/rescission/decision", APPROVE))[0] == 403
    claims = {"institution": str(district.school), "key": "r", "claims": [{"title": "a", "evidence": "b"}]}
    recognition = f"/v1/recognitions/{(await desk.ok(me, 'POST', '/v1/recognitions', claims))['id']}"
    worth = {"claims": [{"number": 1, "course": str(district.course), "credits": "1.00"}]}
    assert (await desk.refused(me, "POST", f"{recognition}/assessment", worth))[0] == 403
    await desk.ok(office.assessor, "POST", f"{recognition}/assessment", worth)
    assert (await desk.refused(me, "POST", f"{recognition}/decision", APPROVE))[0] == 403
    await desk.lots(me, (district.other_school, district.other_course, "1.00"))
    number = max(one["sequence"] for one in (await bank.entries(me))["items"])
    body = {"institution": str(district.school), "key": "t", "lots": [{"lot": number}]}
    transfer = await desk.ok(me, "POST", "/v1/transfers", body)
    decision = {"lots": [{"lot": number, "decision": "accept"}]}
    assert (await desk.refused(me, "POST", f"/v1/transfers/{transfer['id']}/decision", decision))[0] == 403
    assert (await desk.refused(me, "POST", f"/v1/learners/{me}/freezes", {"reason": "x"}))[0] == 404
    student = district.students[0]
    (freeze,) = (await desk.ok(me, "POST", f"/v1/learners/{student}/freezes", {"reason": "x"}))["items"]
    end = f"/v1/learners/{student}/freezes/{freeze['id']}/end"
    assert await desk.refused(me, "POST", end) == (403, "freeze-needs-another")
    standing = f"/v1/institutions/{district.school}/standing"
    await desk.ok(me, "POST", standing, {"act": "suspend", "reason": "x"})
    assert await desk.refused(me, "POST", standing, {"act": "reinstate"}) == (403, "second-person-needed")
    assert lots


@pytest.mark.parametrize("what", ["rule", "correction", "freeze", "standing", "rescission", "assessment"])
async def test_two_records_do_not_make_two_people_of_one(
    desk: Desk,
    bank: Bank,
    publish: Publish,
    office: Office,
    district: District,
    database: Database,
    keys: KeyRing,
    what: str,
) -> None:
    """Asked under one id, decided under another that turns out to be the same person's."""
    first, second = new_id(), new_id()
    roles = [(role, district.district) for role in ("registrar", "administrator", "assessor")]
    await tell_of_people(database, keys, person(first, *roles), person(second, *roles))
    student = district.students[0]
    body: Any = APPROVE
    if what == "rule":
        made = await desk.ok(first, "POST", "/v1/rules", rule(district.school, programme()))
        address = f"/v1/rules/{made['id']}/decision"
    elif what == "correction":
        posted = await bank.posted(district.school, item(student, district.course))
        entry = f"/v1/deposits/{posted['batch']}/entries/{posted['items'][0]['entry']}"
        made = await desk.ok(first, "POST", f"{entry}/corrections", {"reason": "x"})
        address, body = f"/v1/corrections/{made['id']}/decision", {"decision": "approved"}
    elif what == "freeze":
        await bank.posted(district.school, item(student, district.course))
        made = await desk.ok(first, "POST", f"/v1/learners/{student}/freezes", {"reason": "x"})
        address, body = f"/v1/learners/{student}/freezes/{made['items'][0]['id']}/end", None
    elif what == "standing":
        address, body = f"/v1/institutions/{district.school}/standing", {"act": "reinstate"}
        await desk.ok(first, "POST", address, {"act": "suspend", "reason": "x"})
    elif what == "rescission":
        await desk.lots(student, (district.school, district.course, "3.00"))
        award = await desk.ok(
            student, "POST", "/v1/awards", {"programme": await publish(programme()), "key": "a"}
        )
        await desk.ok(office.registrar, "POST", f"/v1/awards/{award['id']}/decision", APPROVE)
        await desk.ok(first, "POST", f"/v1/awards/{award['id']}/rescission", {"reason": "x"})
        address = f"/v1/awards/{award['id']}/rescission/decision"
    else:
        claims = {
            "institution": str(district.school),
            "key": "r",
            "claims": [{"title": "a", "evidence": "b"}],
        }
        made = await desk.ok(student, "POST", "/v1/recognitions", claims)
        address = f"/v1/recognitions/{made['id']}/decision"
        worth = {"claims": [{"number": 1, "course": str(district.course), "credits": "1.00"}]}
        await desk.ok(first, "POST", f"/v1/recognitions/{made['id']}/assessment", worth)
    await merge(database, first, second)
    assert (await desk.refused(second, "POST", address, body))[0] == 403
    assert (await desk.refused(first, "POST", address, body))[0] in (403, 404)
    third = new_id()
    await tell_of_people(database, keys, person(third, *roles))
    await desk.ok(third, "POST", address, body)


@pytest.mark.parametrize("as_whom", ["learner", "guardian"])
async def test_nobody_decides_on_a_correction_of_the_own_credits(
    desk: Desk,
    bank: Bank,
    office: Office,
    district: District,
    database: Database,
    keys: KeyRing,
    as_whom: str,
) -> None:
    """A registrar's own deposit, or their child's, is to be worth more: somebody else decides."""
    registrar = new_id()
    learner = registrar if as_whom == "learner" else district.students[0]
    guardians = [] if as_whom == "learner" else [{"person": registrar, "relation": "parent"}]
    await tell_of_people(
        database,
        keys,
        person(registrar, ("registrar", district.school), ("student", district.school)),
        *(
            [person(learner, ("student", district.school), version=2, guardians=guardians, consent="given")]
            if guardians
            else []
        ),
    )
    posted = await bank.posted(district.school, item(learner, district.course, credits="1.00"))
    address = f"/v1/deposits/{posted['batch']}/entries/{posted['items'][0]['entry']}/corrections"
    more = {
        "reason": "x",
        "replacement": {
            "course": {"id": str(district.course)},
            "credits": "9.00",
            "earned_on": "2026-06-30",
        },
    }
    made = await desk.ok(office.registrar, "POST", address, more)
    decision = f"/v1/corrections/{made['id']}/decision"
    assert (await desk.refused(registrar, "POST", decision, {"decision": "approved"}))[0] == 403
    await desk.ok(office.second, "POST", decision, {"decision": "approved"})


async def test_nobody_approves_a_file_of_ones_own_credits(
    desk: Desk, office: Office, district: District, files: Files, database: Database, keys: KeyRing
) -> None:
    registrar = new_id()
    known = [{"organisation": district.district, "sourced_id": "REG"}]
    await tell_of_people(
        database,
        keys,
        person(registrar, ("registrar", district.school), ("student", district.school), identifiers=known),
    )
    done = await files.done(HEADER + row("S-0") + row("REG"), needs_approval=True)
    assert done["state"] == "awaiting_approval"
    address = f"/v1/deposit-files/{done['id']}/decision"
    approved = {"decision": "approved"}
    assert (await desk.refused(registrar, "POST", address, approved))[0] == 403
    await desk.ok(office.second, "POST", address, approved)


async def test_clients_and_people_without_a_part_do_not_decide(
    desk: Desk, bank: Bank, publish: Publish, office: Office, district: District, files: Files, teacher: UUID
) -> None:
    """Routes that people decide on refuse clients; others' people get what they get for nothing at all."""
    student = district.students[0]
    await desk.lots(student, (district.school, district.course, "3.00"))
    award = await desk.ok(
        student, "POST", "/v1/awards", {"programme": await publish(programme()), "key": "a"}
    )
    address = f"/v1/awards/{award['id']}/decision"
    for headers in (
        bank.of_client(district.school, "credits.post credits.read credits.write"),
        bank.of_client(district.region, "credits.write"),
    ):
        response = await bank.client.post(address, json=APPROVE, headers=headers)
        assert response.status_code == 403
    for who in (teacher, office.elsewhere, district.students[1], new_id()):
        assert (await desk.refused(who, "POST", address, APPROVE))[0] == 404
    assert (await bank.client.post(address, json=APPROVE)).status_code == 401
    done = await files.done(HEADER + row(), needs_approval=True)
    decision = f"/v1/deposit-files/{done['id']}/decision"
    same = await bank.client.post(decision, json={"decision": "approved"}, headers=files.headers)
    assert same.status_code == 403


async def entrusted(database: Database, headers: dict[str, str], who: UUID) -> None:
    """Tells that somebody has been shown the secret of the client that sends these headers."""
    _, claims, _ = headers["Authorization"].removeprefix("Bearer ").split(".")
    client = orjson.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    connection = await database.connect()
    async with connection.transaction():
        told = as_event({"id": client, "person": who})
        await client_entrusted(connection, [told, told])
    await connection.close()


async def test_a_client_and_who_can_act_as_it_are_one_person(
    desk: Desk,
    bank: Bank,
    office: Office,
    district: District,
    files: Files,
    database: Database,
    keys: KeyRing,
) -> None:
    """Who registered the client that sent a file approves it neither in person nor by a second client."""
    old, keeper = new_id(), new_id()
    roles = ("registrar", district.school)
    await tell_of_people(database, keys, person(old, roles), person(keeper, roles))
    await merge(database, old, keeper)
    await entrusted(database, files.headers, old)
    other = bank.of_client(district.district)
    done = await files.done(HEADER + row("S-0"), needs_approval=True)
    address, approved = f"/v1/deposit-files/{done['id']}/decision", {"decision": "approved"}
    assert ("file", done["id"]) in await desk.waiting(office.second)
    assert ("file", done["id"]) not in await desk.waiting(keeper)
    assert await desk.refused(keeper, "POST", address, approved) == (403, "maker-is-not-checker")
    await entrusted(database, other, keeper)
    assert (await bank.client.post(address, json=approved, headers=other)).status_code == 403
    await desk.ok(office.second, "POST", address, approved)


async def test_who_can_act_as_the_client_that_asked_does_not_approve_a_correction(
    desk: Desk, bank: Bank, office: Office, district: District, database: Database
) -> None:
    posted = await bank.posted(district.school, item(district.students[0], district.course, credits="1.00"))
    address = f"/v1/deposits/{posted['batch']}/entries/{posted['items'][0]['entry']}/corrections"
    asks = bank.of_client(district.school)
    made = await bank.client.post(address, json={"reason": "x"}, headers=asks)
    await entrusted(database, asks, office.registrar)
    decision = f"/v1/corrections/{made.json()['id']}/decision"
    approved = {"decision": "approved"}
    assert await desk.refused(office.registrar, "POST", decision, approved) == (
        403,
        "correction-needs-another",
    )
    await desk.ok(office.second, "POST", decision, approved)
