"""An institution decides, lot by lot, whether others' credits count in its awards."""

import asyncio
from typing import Any

from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, programme
from tests.integration.creditbank.world import District


async def asked(desk: Desk, district: District, **more: Any) -> tuple[dict[str, Any], list[int]]:
    student = district.students[0]
    lots = await desk.lots(
        student,
        (district.other_school, district.other_course, "3.00"),
        (district.other_school, district.other_course, "1.00"),
    )
    body = {
        "institution": str(district.school),
        "key": "t",
        "lots": [{"lot": lots[0], "credits": "2.00"}, {"lot": lots[1]}],
        **more,
    }
    return await desk.ok(student, "POST", "/v1/transfers", body), lots


async def test_what_is_accepted_counts_as_the_receivers_course(
    desk: Desk, publish: Publish, office: Office, district: District
) -> None:
    degree = await publish(
        programme(
            total="2.00",
            courses=[{"course": str(district.course), "category": "maths"}],
            requirements=[{"code": "maths", "title": {"en": "Maths", "zh": "数学"}, "categories": ["maths"]}],
        )
    )
    student = district.students[0]
    transfer, lots = await asked(desk, district)
    audit = f"/v1/programmes/{degree}/audit"
    before = await desk.ok(student, "POST", audit, {})
    assert {one["reason"] for one in before["not_counting"]} == {"not_accepted"}
    assert await desk.waiting(office.registrar) == [("transfer", transfer["id"])]
    address = f"/v1/transfers/{transfer['id']}/decision"
    decision = {
        "lots": [
            {"lot": lots[0], "decision": "accept", "counts_as": str(district.course)},
            {"lot": lots[1], "decision": "refuse", "reason": "outside the subject"},
        ]
    }
    for stranger in (office.elsewhere, office.assessor, student):
        assert (await desk.refused(stranger, "POST", address, decision))[0] == 404
    decided = await desk.ok(office.registrar, "POST", address, decision)
    assert [one["accepted"] for one in decided["lots"]] == ["2.00", "0.00"]
    assert decided["lots"][1]["reason"] == "outside the subject"
    assert await desk.refused(office.second, "POST", address, decision) == (409, "decision-not-due")
    after = await desk.ok(student, "POST", audit, {})
    assert (after["met"], after["counting"][0]["credits"]) == (True, "2.00")
    # Nothing moved: the credits are where they were.
    assert (await desk.bank.account(student))["accounts"][0]["available"] == "4.00"
    award = await desk.ok(student, "POST", "/v1/awards", {"programme": degree, "key": "a"})
    granted = await desk.ok(
        office.registrar, "POST", f"/v1/awards/{award['id']}/decision", {"decision": "approve"}
    )
    assert granted["state"] == "certified"


async def test_a_decision_is_complete_and_of_the_own_courses(
    desk: Desk, office: Office, district: District
) -> None:
    transfer, lots = await asked(desk, district)
    address = f"/v1/transfers/{transfer['id']}/decision"
    accept = [{"lot": lot, "decision": "accept"} for lot in lots]
    for wrong in (accept[:1], accept * 2, [*accept, {"lot": 999, "decision": "accept"}]):
        assert await desk.refused(office.registrar, "POST", address, {"lots": wrong}) == (
            422,
            "decision-incomplete",
        )
    more = [{**accept[0], "credits": "2.01"}, accept[1]]
    assert (await desk.refused(office.registrar, "POST", address, {"lots": more}))[0] == 422
    silent = [accept[0], {"lot": lots[1], "decision": "refuse"}]
    assert (await desk.refused(office.registrar, "POST", address, {"lots": silent}))[0] == 422
    foreign = [{**accept[0], "counts_as": str(district.other_course)}, accept[1]]
    assert await desk.refused(office.registrar, "POST", address, {"lots": foreign}) == (404, "course-unknown")


async def test_requests_are_safe_to_repeat_and_to_withdraw(
    desk: Desk, office: Office, district: District
) -> None:
    student = district.students[0]
    transfer, lots = await asked(desk, district)
    body = {
        "institution": str(district.school),
        "key": "t",
        "lots": [{"lot": lots[0], "credits": "2.00"}, {"lot": lots[1]}],
    }
    assert await desk.ok(student, "POST", "/v1/transfers", body) == transfer
    other = {**body, "note": "please"}
    assert await desk.refused(student, "POST", "/v1/transfers", other) == (409, "idempotency-conflict")
    address = f"/v1/transfers/{transfer['id']}"
    assert (await desk.refused(district.students[1], "GET", address))[0] == 404
    assert (await desk.refused(district.students[1], "POST", f"{address}/withdrawal"))[0] == 404
    assert (await desk.ok(student, "POST", f"{address}/withdrawal"))["state"] == "withdrawn"
    assert await desk.refused(student, "POST", f"{address}/withdrawal") == (409, "decision-not-due")
    assert await desk.waiting(office.registrar) == []
    assert [one["id"] for one in (await desk.ok(student, "GET", "/v1/transfers"))["items"]] == [
        transfer["id"]
    ]


async def test_own_and_unknown_credits_are_not_transferred(desk: Desk, district: District) -> None:
    student = district.students[0]
    (lot,) = await desk.lots(student, (district.school, district.course, "1.00"))
    body = {"institution": str(district.school), "key": "t", "lots": [{"lot": lot}]}
    assert await desk.refused(student, "POST", "/v1/transfers", body) == (409, "own-credits")
    nothing = {**body, "lots": [{"lot": 999}]}
    assert await desk.refused(student, "POST", "/v1/transfers", nothing) == (404, "lot-unknown")
    nowhere = {**body, "institution": str(lot * 0) + "0000000-0000-0000-0000-000000000007"}
    assert (await desk.refused(student, "POST", "/v1/transfers", nowhere))[0] == 404


async def test_what_is_asked_several_times_at_once_is_asked_once(
    desk: Desk, publish: Publish, district: District
) -> None:
    student = district.students[0]
    lots = await desk.lots(student, (district.other_school, district.other_course, "4.00"))
    transfer = {"institution": str(district.school), "key": "same", "lots": [{"lot": lots[0]}]}
    award = {"programme": await publish(programme(accepts="any")), "key": "same"}
    for path, body in (("/v1/transfers", transfer), ("/v1/awards", award)):
        answers = await asyncio.gather(*(desk.ask(student, "POST", path, body) for _ in range(5)))
        assert {one.status_code for one in answers} == {201}, answers[-1].text
        assert len({one.json()["id"] for one in answers}) == 1
