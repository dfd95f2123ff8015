"""What was learnt elsewhere becomes credits by the word of two people and the learner's own."""

from typing import Any

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_erased
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, programme
from tests.integration.creditbank.world import District, as_event, person, tell_of_people

APPROVE = {"decision": "approve"}


async def requested(desk: Desk, district: District) -> str:
    body = {
        "institution": str(district.school),
        "key": "r",
        "claims": [
            {"title": "Ten years a carpenter", "evidence": "Letters of two masters"},
            {"title": "A chess club", "evidence": "Its president's word"},
        ],
    }
    made = await desk.ok(district.students[0], "POST", "/v1/recognitions", body)
    assert await desk.ok(district.students[0], "POST", "/v1/recognitions", body) == made
    identifier: str = made["id"]
    return identifier


def assessment(district: District) -> dict[str, Any]:
    return {
        "claims": [
            {"number": 1, "course": str(district.course), "credits": "3.00", "grade": "A"},
            {"number": 2, "reason": "no learning outcome"},
        ]
    }


async def test_claims_are_assessed_offered_accepted_and_posted(
    desk: Desk, publish: Publish, office: Office, district: District
) -> None:
    student = district.students[0]
    address = f"/v1/recognitions/{await requested(desk, district)}"
    for stranger in (student, office.elsewhere):
        assert (await desk.refused(stranger, "POST", f"{address}/assessment", assessment(district)))[0] == 404
    assert [kind for kind, _ in await desk.waiting(office.assessor)] == ["recognition"]
    assert await desk.refused(office.second, "POST", f"{address}/decision", APPROVE) == (
        409,
        "decision-not-due",
    )
    await desk.ok(office.assessor, "POST", f"{address}/assessment", assessment(district))
    assert (await desk.refused(office.assessor, "POST", f"{address}/decision", APPROVE))[0] == 404
    assert await desk.refused(student, "POST", f"{address}/acceptance") == (409, "decision-not-due")
    offered = await desk.ok(office.registrar, "POST", f"{address}/decision", APPROVE)
    assert offered["state"] == "offered"
    assert [kind for kind, _ in await desk.waiting(student)] == ["recognition-offer"]
    assert (await desk.refused(district.students[1], "POST", f"{address}/acceptance"))[0] == 404
    posted = await desk.ok(student, "POST", f"{address}/acceptance")
    assert posted["state"] == "posted"
    assert posted["claims"][0]["lot"] is not None
    assert posted["claims"][1]["lot"] is None
    assert await desk.refused(student, "POST", f"{address}/acceptance") == (409, "decision-not-due")
    assert (await desk.bank.account(student))["accounts"][0]["available"] == "3.00"
    # It counts, but not as the institution's own teaching, and no more than the rules let it.
    free = await publish(programme())
    assert (await desk.ok(student, "POST", f"/v1/programmes/{free}/audit", {}))["met"] is True
    taught = await publish(programme(residency_percent=10))
    missing = await desk.ok(student, "POST", f"/v1/programmes/{taught}/audit", {})
    assert "residency" in {one["rule"] for one in missing["measures"] if one["explanation"]}
    capped = await publish(programme(most_recognised="1.00"))
    counted = await desk.ok(student, "POST", f"/v1/programmes/{capped}/audit", {})
    assert (counted["counted"], counted["not_counting"][0]["reason"]) == ("1.00", "recognition_cap")


async def test_who_assessed_does_not_offer(desk: Desk, office: Office, district: District) -> None:
    address = f"/v1/recognitions/{await requested(desk, district)}"
    await desk.ok(office.registrar, "POST", f"{address}/assessment", assessment(district))
    decision = f"{address}/decision"
    assert await desk.refused(office.registrar, "POST", decision, APPROVE) == (403, "another-must-decide")
    assert await desk.waiting(office.registrar) == []
    rejected = await desk.ok(office.second, "POST", decision, {"decision": "reject", "reason": "no papers"})
    assert (rejected["state"], rejected["reason"]) == ("rejected", "no papers")


async def test_an_assessment_judges_every_claim_by_own_courses(
    desk: Desk, office: Office, district: District
) -> None:
    address = f"/v1/recognitions/{await requested(desk, district)}/assessment"
    good = assessment(district)["claims"]
    for wrong in (
        good[:1],
        [good[0], good[0], good[1]],
        [{**good[0], "course": str(district.other_course)}, good[1]],
        [{**good[0], "scheme": "no such scheme"}, good[1]],
    ):
        assert await desk.refused(office.assessor, "POST", address, {"claims": wrong}) == (
            422,
            "assessment-incomplete",
        )
    for unclear in ({"number": 1}, {"number": 1, "course": str(district.course)}):
        assert (await desk.refused(office.assessor, "POST", address, {"claims": [unclear, good[1]]}))[
            0
        ] == 422


async def test_only_an_institution_of_ones_own_is_asked(
    desk: Desk, district: District, database: Database, keys: KeyRing
) -> None:
    stranger = new_id()
    await tell_of_people(database, keys, person(stranger))
    claims = [{"title": "Chess", "evidence": "Games"}]
    body = {"institution": str(district.school), "key": "r", "claims": claims}
    assert await desk.refused(stranger, "POST", "/v1/recognitions", body) == (409, "not-of-institution")
    assert await desk.refused(new_id(), "POST", "/v1/recognitions", body) == (409, "learner-unknown")


async def test_an_offer_may_be_declined_and_words_are_forgotten(
    desk: Desk, office: Office, district: District, database: Database
) -> None:
    student = district.students[0]
    identifier = await requested(desk, district)
    address = f"/v1/recognitions/{identifier}"
    await desk.ok(office.assessor, "POST", f"{address}/assessment", assessment(district))
    await desk.ok(office.registrar, "POST", f"{address}/decision", APPROVE)
    assert (await desk.ok(student, "POST", f"{address}/withdrawal"))["state"] == "withdrawn"
    assert await desk.waiting(student) == []
    connection = await database.connect()
    async with connection.transaction():
        await people_erased(connection, [as_event({"id": student, "version": 9})])
    left = await connection.fetch(
        "select i.title || i.evidence as words, r.requested_by from recognition_item i"
        " join recognition r on r.learner = i.learner and r.id = i.recognition where r.id = $1",
        identifier,
    )
    await connection.close()
    assert {row["words"] for row in left} == {""}
    assert all(row["requested_by"] != student for row in left)
