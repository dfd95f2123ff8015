"""Cases: disputed, answered, decided by somebody who made nothing of it, appealed against once, put right."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.books.service import audit
from services.creditbank.learners.handlers import people_erased
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, programme
from tests.integration.creditbank.world import District, as_event, person, tell_of_people

UPHELD = {"outcome": "upheld", "reasons": "The paper was marked by the wrong key."}
DISMISSED = {"outcome": "dismissed", "reasons": "The paper was marked rightly."}


@pytest.fixture
async def judge(database: Database, keys: KeyRing, district: District, office: Office) -> UUID:
    """An administrator of the district, above the school."""
    made = new_id()
    await tell_of_people(database, keys, person(made, ("administrator", district.district)))
    return made


async def deposited(desk: Desk, district: District) -> str:
    """The id of the entry of a deposit for the first student."""
    student = district.students[0]
    await desk.lots(student, (district.school, district.course, "2.00"), attempt="2026", grade="C")
    entry: str = (await desk.bank.entries(student))["items"][0]["id"]
    return entry


def about(identifier: str, kind: str = "entry", **more: Any) -> dict[str, Any]:
    body = {"about": {"kind": kind, "id": identifier}, "claim": "It should be a B.", "key": uuid4().hex}
    return {**body, **more}


async def opened(desk: Desk, district: District) -> tuple[str, str]:
    """A case about a deposit of the first student; answers its address and the entry."""
    entry = await deposited(desk, district)
    case = await desk.ok(district.students[0], "POST", "/v1/cases", about(entry))
    return f"/v1/cases/{case['id']}", entry


async def test_a_dispute_goes_from_evidence_to_a_decision_and_is_put_right_by_two(
    desk: Desk, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    student = district.students[0]
    address, entry = await opened(desk, district)
    shown = await desk.ok(student, "GET", address)
    assert (shown["state"], shown["side"], shown["overdue"], shown["outcome"]) == (
        "opened", "learner", False, None,
    )  # fmt: skip
    assert shown["about"] == {"kind": "entry", "id": entry}
    assert shown["due_at"] > shown["opened_at"]
    for who, side in ((student, "learner"), (office.registrar, "institution")):
        said = {"text": f"of the {side}", "links": ["https://files.example/1"]}
        shown = await desk.ok(who, "POST", f"{address}/evidence", said)
        assert shown["state"] == "evidence"
        assert shown["evidence"][-1]["side"] == side
    waiting = (await desk.ok(office.second, "GET", "/v1/approvals"))["items"]
    assert [(one["kind"], one["due"] is not None) for one in waiting] == [("case", True)]
    course = {"id": str(district.course)}
    better = {"course": course, "credits": "2.00", "attempt": "2026", "grade": "B", "earned_on": "2026-06-30"}
    remedy = {"kind": "replacement", "replacement": better}
    decided = await desk.ok(office.second, "POST", f"{address}/decision", {**UPHELD, "remedy": remedy})
    assert (decided["state"], decided["outcome"]) == ("decided", "upheld")
    (asked,) = decided["remedies"]
    assert (asked["kind"], asked["done"], asked["entries"]) == ("correction", False, [])
    correction = f"/v1/corrections/{asked['id']}/decision"
    refused = await desk.refused(office.second, "POST", correction, {"decision": "approved"})
    assert refused == (403, "correction-needs-another")
    await desk.ok(office.registrar, "POST", correction, {"decision": "approved"})
    shown = await desk.ok(student, "GET", address)
    assert shown["state"] == "corrected"
    newest = [one["id"] for one in (await desk.bank.entries(student, limit=2))["items"]]
    assert sorted(shown["remedies"][0]["entries"]) == sorted(newest)
    assert (await desk.ok(student, "POST", f"{address}/end"))["state"] == "closed"
    connection = await database.connect()
    assert await audit(connection, keys) == []
    await connection.close()


async def test_an_appeal_is_decided_once_by_another_above(
    desk: Desk, office: Office, judge: UUID, district: District
) -> None:
    student = district.students[0]
    address, _ = await opened(desk, district)
    await desk.ok(judge, "POST", f"{address}/decision", DISMISSED)
    assert (await desk.ok(student, "GET", address))["appeal_until"] is not None
    appeal = {"reasons": "Nobody read the second page."}
    assert (await desk.refused(office.registrar, "POST", f"{address}/appeal", appeal))[0] == 403
    shown = await desk.ok(student, "POST", f"{address}/appeal", appeal)
    assert (shown["state"], shown["appeal"]["reasons"]) == ("appealed", appeal["reasons"])
    await desk.ok(student, "POST", f"{address}/evidence", {"text": "the second page"})
    for who, problem in (
        (office.registrar, "forbidden"),
        (office.above, "forbidden"),  # above, but no administrator
        (judge, "another-must-decide"),  # decided before
        (student, "forbidden"),
    ):
        assert (await desk.refused(who, "POST", f"{address}/decision", UPHELD))[1] == problem
        assert ("appeal", shown["id"]) not in await desk.waiting(who)


async def test_what_is_decided_above_is_final(
    desk: Desk, office: Office, judge: UUID, district: District
) -> None:
    student = district.students[0]
    address, _ = await opened(desk, district)
    await desk.ok(office.second, "POST", f"{address}/decision", DISMISSED)
    case = await desk.ok(student, "POST", f"{address}/appeal", {"reasons": "Nobody read it."})
    assert await desk.waiting(judge) == [("appeal", case["id"])]
    final = await desk.ok(judge, "POST", f"{address}/decision", DISMISSED)
    assert (final["state"], [one["level"] for one in final["decisions"]]) == ("closed", [1, 2])
    again = await desk.refused(student, "POST", f"{address}/appeal", {"reasons": "once more"})
    assert again == (409, "appeal-over")
    assert await desk.refused(office.second, "POST", f"{address}/decision", UPHELD) == (
        409, "case-does-not-wait",
    )  # fmt: skip
    assert await desk.refused(student, "POST", "/v1/cases", about(final["about"]["id"])) == (
        409, "case-under-way",
    )  # fmt: skip


async def test_the_time_to_appeal_ends(
    desk: Desk, office: Office, district: District, store: ServiceStore
) -> None:
    student = district.students[0]
    address, _ = await opened(desk, district)
    owner = await asyncpg.connect(store.migrations_database)
    case = UUID(address.rsplit("/", 1)[-1])
    await owner.execute("update learner_case set due_at = now() - interval '1 day' where id = $1", case)
    assert (await desk.ok(student, "GET", address))["overdue"] is True
    await desk.ok(office.second, "POST", f"{address}/decision", DISMISSED)
    await owner.execute(
        "update case_decision set appeal_until = now() - interval '1 s' where case_id = $1", case
    )
    await owner.close()
    assert (await desk.ok(student, "GET", address))["state"] == "closed"
    late = await desk.refused(student, "POST", f"{address}/appeal", {"reasons": "late"})
    assert late == (409, "appeal-over")


async def test_nobody_decides_who_made_it_or_has_a_part_in_it(
    desk: Desk, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    """Whoever approved the entry does not judge it; nor does the one who opened the case."""
    student, school = district.students[0], district.school
    entry = await deposited(desk, district)
    deposit = (await desk.bank.entries(student))["items"][0]["batch"]
    wrong = {"reason": "marked anew"}
    path = f"/v1/deposits/{deposit}/entries/{entry}/corrections"
    correction = await desk.ok(office.registrar, "POST", path, wrong)
    await desk.ok(
        office.second, "POST", f"/v1/corrections/{correction['id']}/decision", {"decision": "approved"}
    )
    revocation = (await desk.bank.entries(student))["items"][0]["id"]
    case = await desk.ok(office.above, "POST", "/v1/cases", about(revocation, learner=str(student)))
    assert case["side"] == "institution"
    decision = f"/v1/cases/{case['id']}/decision"
    for who in (office.registrar, office.second, office.above):
        assert await desk.refused(who, "POST", decision, UPHELD) == (403, "another-must-decide")
        assert await desk.waiting(who) == []
    third = new_id()
    await tell_of_people(database, keys, person(third, ("registrar", school)))
    assert await desk.waiting(third) == [("case", case["id"])]
    unfit = {**UPHELD, "remedy": {"kind": "revocation"}}
    assert await desk.refused(third, "POST", decision, unfit) == (422, "remedy-unfit")
    await desk.ok(third, "POST", decision, UPHELD)
    # It is put right by posting anew, and the case names what was posted.
    await desk.lots(student, (school, district.course, "2.00"), attempt="2026")
    posted = (await desk.bank.entries(student))["items"][0]["id"]
    remedies = f"/v1/cases/{case['id']}/remedies"
    for identifier in (entry, str(uuid4())):  # older than the case; nothing
        assert await desk.refused(third, "POST", remedies, {"kind": "deposit", "id": identifier}) == (
            422, "remedy-unfit",
        )  # fmt: skip
    shown = await desk.ok(student, "POST", remedies, {"kind": "deposit", "id": posted})
    assert (shown["state"], shown["remedies"][0]["entries"]) == ("corrected", [posted])


async def test_everybody_sees_only_their_own_cases(
    desk: Desk, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    student, other, auditor = district.students[0], district.students[1], new_id()
    await tell_of_people(database, keys, person(auditor, ("auditor", district.district)))
    address, entry = await opened(desk, district)
    for who in (other, office.elsewhere, office.assessor):
        assert (await desk.refused(who, "GET", address))[0] == 404
        assert (await desk.refused(who, "POST", f"{address}/evidence", {"text": "x"}))[0] == 404
        assert (await desk.refused(who, "POST", f"{address}/decision", DISMISSED))[0] == 404
        assert (await desk.ok(who, "GET", "/v1/cases"))["items"] == []
        stranger = about(entry, learner=str(student))
        assert (await desk.refused(who, "POST", "/v1/cases", stranger))[0] == 404
    assert (await desk.refused(other, "POST", "/v1/cases", about(entry)))[0] == 404
    assert (await desk.ok(auditor, "GET", address))["state"] == "opened"
    assert (await desk.refused(auditor, "POST", f"{address}/decision", DISMISSED))[0] == 404
    for who, institution in ((office.registrar, district.school), (auditor, district.region)):
        listed = await desk.ask(who, "GET", f"/v1/cases?institution={institution}&waiting=true")
        if who == auditor:
            assert listed.status_code == 404  # nothing to say above the district
        else:
            assert [one["id"] for one in listed.json()["items"]] == [address.rsplit("/", 1)[-1]]
    assert [one["state"] for one in (await desk.ok(student, "GET", "/v1/cases"))["items"]] == ["opened"]


async def test_a_guardian_acts_for_a_child_by_consent_alone(
    desk: Desk, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    child, guardian = district.students[0], new_id()
    entry = await deposited(desk, district)
    link = [{"person": str(guardian), "relation": "parent"}]

    async def told(version: int, consent: str, guardians: list[dict[str, str]]) -> None:
        roles = ("student", district.school)
        child_now = person(child, roles, version=version, consent=consent, guardians=guardians)
        await tell_of_people(database, keys, person(guardian), child_now)

    body = about(entry, learner=str(child))
    assert (await desk.refused(guardian, "POST", "/v1/cases", body))[0] == 404
    await told(2, "missing", link)
    assert (await desk.refused(guardian, "POST", "/v1/cases", body))[0] == 404
    await told(3, "given", link)
    case = await desk.ok(guardian, "POST", "/v1/cases", body)
    assert (case["side"], case["learner"]) == ("guardian", str(child))
    assert await desk.ok(guardian, "POST", "/v1/cases", body) == case
    assert [one["id"] for one in (await desk.ok(guardian, "GET", "/v1/cases"))["items"]] == [case["id"]]
    # The child reads it, and cannot be judged by the guardian, whatever role the guardian has.
    assert (await desk.ok(child, "GET", f"/v1/cases/{case['id']}"))["state"] == "opened"
    await tell_of_people(database, keys, person(guardian, ("registrar", district.school), version=2))
    decision = f"/v1/cases/{case['id']}/decision"
    assert await desk.refused(guardian, "POST", decision, UPHELD) == (403, "another-must-decide")
    await tell_of_people(database, keys, person(guardian, version=3))
    await told(4, "withdrawn", link)
    assert (await desk.refused(guardian, "GET", f"/v1/cases/{case['id']}"))[0] == 404
    await told(5, "given", link)
    await desk.ok(guardian, "POST", f"/v1/cases/{case['id']}/evidence", {"text": "It was a B at home."})
    await told(6, "given", [])
    assert (await desk.ok(guardian, "GET", "/v1/cases"))["items"] == []
    # Who spoke for the child is forgotten with the guardian; what was said stays.
    connection = await database.connect()
    async with connection.transaction():
        await people_erased(connection, [as_event({"id": str(guardian)})])
    named = await connection.fetchval(
        "select (select count(*) from learner_case where opened_by = $1)"
        " + (select count(*) from case_evidence where added_by = $1)",
        guardian,
    )
    await connection.close()
    assert named == 0
    kept = await desk.ok(child, "GET", f"/v1/cases/{case['id']}")
    assert (kept["state"], kept["evidence"][0]["text"]) == ("evidence", "It was a B at home.")


async def test_a_refused_request_is_asked_for_again_and_linked(
    desk: Desk, publish: Publish, office: Office, district: District
) -> None:
    student = district.students[0]
    lots = await desk.lots(student, (district.other_school, district.other_course, "3.00"))
    body = {"institution": str(district.school), "lots": [{"lot": lots[0]}]}
    transfer = await desk.ok(student, "POST", "/v1/transfers", {**body, "key": "1"})
    dispute = about(transfer["id"], "transfer")
    assert await desk.refused(student, "POST", "/v1/cases", dispute) == (409, "not-disputable")
    no = {"lots": [{"lot": lots[0], "decision": "refuse", "reason": "outside the subject"}]}
    await desk.ok(office.registrar, "POST", f"/v1/transfers/{transfer['id']}/decision", no)
    case = await desk.ok(student, "POST", "/v1/cases", dispute)
    decision = f"/v1/cases/{case['id']}/decision"
    assert await desk.refused(office.registrar, "POST", decision, UPHELD) == (403, "another-must-decide")
    remedies = f"/v1/cases/{case['id']}/remedies"
    early = {"kind": "transfer", "id": transfer["id"]}
    assert await desk.refused(student, "POST", remedies, early) == (409, "case-does-not-wait")
    await desk.ok(office.second, "POST", decision, UPHELD)
    again = await desk.ok(student, "POST", "/v1/transfers", {**body, "key": "2"})
    assert (await desk.refused(student, "POST", remedies, early))[0] == 422
    link = {"kind": "transfer", "id": again["id"]}
    assert (await desk.ok(student, "POST", remedies, link))["state"] == "decided"
    yes = {"lots": [{"lot": lots[0], "decision": "accept"}]}
    await desk.ok(office.second, "POST", f"/v1/transfers/{again['id']}/decision", yes)
    assert (await desk.ok(student, "GET", f"/v1/cases/{case['id']}"))["state"] == "corrected"


async def test_a_redemption_is_taken_back_by_a_case(
    desk: Desk, publish: Publish, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    student, third = district.students[0], new_id()
    await tell_of_people(database, keys, person(third, ("registrar", district.school)))
    await desk.lots(student, (district.school, district.course, "3.00"))
    asked = {"programme": await publish(programme()), "key": "a"}
    award = await desk.ok(student, "POST", "/v1/awards", asked)
    address = f"/v1/awards/{award['id']}"
    await desk.ok(office.registrar, "POST", f"{address}/decision", {"decision": "approve"})
    spent = (await desk.ok(student, "GET", address))["entries"][0]
    case = await desk.ok(student, "POST", "/v1/cases", about(spent))
    wish = {**UPHELD, "remedy": {"kind": "rescission"}}
    decision = f"/v1/cases/{case['id']}/decision"
    assert (await desk.refused(office.registrar, "POST", decision, wish))[1] == "another-must-decide"
    decided = await desk.ok(office.second, "POST", decision, wish)
    assert decided["remedies"][0] == {
        "kind": "rescission", "id": award["id"], "done": False, "entries": [],
    }  # fmt: skip
    await desk.ok(third, "POST", f"{address}/rescission/decision", {"decision": "approve"})
    shown = await desk.ok(student, "GET", f"/v1/cases/{case['id']}")
    assert (shown["state"], len(shown["remedies"][0]["entries"])) == ("corrected", 1)
    assert (await desk.bank.account(student))["accounts"][0]["available"] == "3.00"


async def test_what_is_asked_is_bounded_and_safe_to_repeat(
    desk: Desk, office: Office, district: District
) -> None:
    student = district.students[0]
    entry = await deposited(desk, district)
    body = about(entry)
    answers = await asyncio.gather(*(desk.ask(student, "POST", "/v1/cases", body) for _ in range(4)))
    assert len({one.json()["id"] for one in answers}) == 1
    other = await desk.refused(student, "POST", "/v1/cases", {**body, "claim": "It should be an A."})
    assert other == (409, "idempotency-conflict")
    assert await desk.refused(student, "POST", "/v1/cases", about(entry)) == (409, "case-under-way")
    assert (await desk.refused(student, "POST", "/v1/cases", about(str(uuid4()))))[0] == 404
    address = f"/v1/cases/{answers[0].json()['id']}"
    for wrong in ({"text": ""}, {"text": "x" * 5_001}, {"text": "x", "links": ["y"] * 11}, {}):
        assert (await desk.refused(student, "POST", f"{address}/evidence", wrong))[0] == 422
    unfit: tuple[dict[str, Any], ...] = (
        {"outcome": "upheld"},
        {**DISMISSED, "remedy": {"kind": "revocation"}},
        {**UPHELD, "remedy": {"kind": "replacement"}},
    )
    for one in unfit:
        assert (await desk.refused(office.second, "POST", f"{address}/decision", one))[0] == 422
    for _ in range(20):
        await desk.ok(student, "POST", f"{address}/evidence", {"text": "x"})
    full = await desk.refused(student, "POST", f"{address}/evidence", {"text": "x"})
    assert full == (409, "too-much-evidence")
    await desk.ok(office.registrar, "POST", f"{address}/evidence", {"text": "x"})
    assert (await desk.refused(office.registrar, "POST", f"{address}/end"))[0] == 403
    assert (await desk.ok(student, "POST", f"{address}/end"))["state"] == "withdrawn"
    # What was withdrawn may be disputed anew.
    assert (await desk.ok(student, "POST", "/v1/cases", about(entry)))["state"] == "opened"
