"""Rules are proposed by one, approved by another, and never altered."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from tests.integration.creditbank.conftest import item
from tests.integration.creditbank.rules.conftest import (
    Desk,
    Office,
    Publish,
    conversion,
    programme,
    rule,
)
from tests.integration.creditbank.world import District


async def test_one_proposes_and_another_approves(desk: Desk, office: Office, district: District) -> None:
    made = await desk.ok(office.registrar, "POST", "/v1/rules", rule(district.school, programme()))
    assert (made["state"], made["version"], made["in_force"]) == ("draft", 1, False)
    address = f"/v1/rules/{made['id']}/decision"
    approve = {"decision": "approve"}
    assert await desk.refused(office.registrar, "POST", address, approve) == (403, "another-must-decide")
    for stranger in (office.elsewhere, office.assessor, district.students[0]):
        assert (await desk.refused(stranger, "POST", address, approve))[0] == 404
    assert ("rule", made["id"]) in await desk.waiting(office.second)
    assert ("rule", made["id"]) in await desk.waiting(office.above)
    assert ("rule", made["id"]) not in await desk.waiting(office.registrar)
    assert ("rule", made["id"]) not in await desk.waiting(office.elsewhere)
    decided = await desk.ok(office.second, "POST", address, approve)
    assert (decided["state"], decided["in_force"]) == ("approved", True)
    assert await desk.waiting(office.second) == []
    assert await desk.refused(office.above, "POST", address, approve) == (409, "decision-not-due")


async def test_drafts_are_read_by_those_who_decide(desk: Desk, office: Office, district: District) -> None:
    made = await desk.ok(office.registrar, "POST", "/v1/rules", rule(district.school, programme()))
    student = district.students[0]
    listed = f"/v1/rules?institution={district.school}"
    assert (await desk.refused(student, "GET", f"/v1/rules/{made['id']}"))[0] == 404
    assert (await desk.ok(student, "GET", listed))["items"] == []
    assert [one["id"] for one in (await desk.ok(office.second, "GET", listed))["items"]] == [made["id"]]
    decision = {"decision": "reject", "reason": "too easy"}
    rejected = await desk.ok(office.second, "POST", f"/v1/rules/{made['id']}/decision", decision)
    assert (rejected["state"], rejected["reason"]) == ("rejected", "too easy")
    assert (await desk.ok(student, "GET", listed))["items"] == []


async def test_the_newest_version_that_has_begun_is_in_force(
    desk: Desk, publish: Publish, district: District
) -> None:
    first = await publish(programme(), code="degree")
    second = await publish(programme(total="4.00"), code="degree")
    later = await publish(programme(total="5.00"), code="degree", effective_from="2999-01-01")
    student = district.students[0]
    pages = await desk.ok(student, "GET", f"/v1/rules?institution={district.school}&limit=2")
    rest = await desk.ok(
        student, "GET", f"/v1/rules?institution={district.school}&limit=2&cursor={pages['next']}"
    )
    seen = {one["id"]: (one["version"], one["in_force"]) for one in pages["items"] + rest["items"]}
    assert seen == {first: (1, False), second: (2, True), later: (3, False)}
    for one in (first, later):
        assert await desk.refused(student, "POST", f"/v1/programmes/{one}/audit", {}) == (
            409,
            "rule-not-in-force",
        )


async def test_rules_end_on_their_last_day_and_do_not_fall_back(
    desk: Desk, publish: Publish, office: Office, district: District
) -> None:
    student = district.students[0]
    await publish(programme(), code="ended")
    over = await publish(programme(), code="ended", effective_until="2026-01-01")
    listed = await desk.ok(student, "GET", f"/v1/rules?institution={district.school}")
    assert [one["in_force"] for one in listed["items"]] == [False, False]
    audit = f"/v1/programmes/{over}/audit"
    assert await desk.refused(student, "POST", audit, {}) == (409, "rule-not-in-force")
    wrong = rule(district.school, programme(), effective_until="2025-12-31")
    assert (await desk.refused(office.registrar, "POST", "/v1/rules", wrong))[0] == 422


@pytest.mark.parametrize(
    ("document", "members"),
    [
        (programme(total="0.00"), "total"),
        (programme(residency="4.00"), "residency"),
        (programme(courses=[{"course": str(uuid4())}]), "courses"),
        (programme(bar={"minimum_grade": "good"}), "minimum_grade"),
        (conversion(target="no such scheme"), "target"),
        (conversion(target="xuebu:credits"), "target"),
        (conversion(step="0.00"), "step"),
        (conversion(issuers=[str(uuid4())]), "issuers"),
    ],
)
async def test_rules_that_cannot_be_applied_are_not_taken(
    desk: Desk, office: Office, district: District, ects: str, document: dict[str, Any], members: str
) -> None:
    response = await desk.ask(office.registrar, "POST", "/v1/rules", rule(district.school, document))
    assert (response.status_code, response.json()["members"]) == (422, members)


async def test_what_was_approved_cannot_be_altered(database: Database, publish: Publish) -> None:
    made = await publish(programme())
    for statement in (
        "update rule set document = '{}' where id = $1",
        "update rule set effective_from = current_date where id = $1",
        "delete from rule where id = $1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.pool.execute(statement, made)


async def test_writing_needs_its_scope(desk: Desk, office: Office, district: District) -> None:
    headers = desk.bank.of_person(office.registrar, "credits.read")
    response = await desk.bank.client.post(
        "/v1/rules", json=rule(district.school, programme()), headers=headers
    )
    assert response.status_code == 403
    client = desk.bank.of_client(district.school, "credits.write")
    response = await desk.bank.client.post(
        "/v1/rules", json=rule(district.school, programme()), headers=client
    )
    assert response.json()["type"].endswith("/person-needed")


async def test_corrections_and_files_wait_in_the_same_list(
    desk: Desk, office: Office, district: District, store: ServiceStore
) -> None:
    """Of an institution's own kinds of approvals, each is listed for whoever did not ask for it."""
    bank, student = desk.bank, district.students[0]
    deposit = await bank.posted(district.school, item(student, district.course))
    entry = deposit["items"][0]["entry"]
    asked = await desk.ok(
        office.registrar,
        "POST",
        f"/v1/deposits/{deposit['batch']}/entries/{entry}/corrections",
        {"reason": "posted twice"},
    )
    connection = await asyncpg.connect(store.migrations_database)
    file = await connection.fetchval(
        "insert into posting_file (id, institution, organisation, client, scheme, profile, encoding, atomic,"
        " dry_run, suspends, needs_approval, digest, file_name, size_bytes, state)"
        " values (gen_random_uuid(), $1, $1, $2, 'xuebu:credits', 'plain', 'utf-8', true, false, false, true,"
        " '', 'a.csv', 0, 'awaiting_approval') returning id",
        district.school,
        office.registrar,
    )
    await connection.close()
    expected = [("correction", asked["id"]), ("file", str(file))]
    assert await desk.waiting(office.second) == expected
    assert await desk.waiting(office.registrar) == []
    pages = await desk.ok(office.second, "GET", "/v1/approvals?limit=1")
    rest = await desk.ok(office.second, "GET", f"/v1/approvals?limit=1&cursor={pages['next']}")
    assert [(one["kind"], one["id"]) for one in pages["items"] + rest["items"]] == expected
