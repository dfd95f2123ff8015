"""What a child under 14 does with credits waits for a guardian's consent; what institutions owe does not."""

from typing import Any
from uuid import UUID

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.rules.conftest import Desk, Office
from tests.integration.creditbank.rules.test_cases import about, deposited
from tests.integration.creditbank.rules.test_recognition import APPROVE, assessment, requested
from tests.integration.creditbank.world import District, person, tell_of_people


def acts(district: District, lot: int, entry: str) -> list[tuple[str, dict[str, Any]]]:
    """Everything by which a learner may use credits, or say something about them."""
    chosen = [{"lot": lot, "credits": "1.00"}]
    claims = [{"title": "A chess club", "evidence": "Its president's word"}]
    return [
        ("/v1/transfers", {"institution": str(district.school), "key": "t", "lots": chosen}),
        ("/v1/awards", {"programme": str(new_id()), "key": "a"}),
        ("/v1/recognitions", {"institution": str(district.school), "key": "r", "claims": claims}),
        ("/v1/conversions", {"rule": str(new_id()), "lots": chosen, "key": "c"}),
        ("/v1/cases", about(entry)),
    ]


async def test_a_child_uses_credits_by_consent_alone(
    desk: Desk, district: District, database: Database, keys: KeyRing
) -> None:
    child = district.students[0]
    (lot,) = await desk.lots(child, (district.other_school, district.other_course, "3.00"))
    entry = await deposited(desk, district)
    asked = acts(district, lot, entry)

    async def told(version: int, consent: str) -> None:
        roles = ("student", district.school)
        await tell_of_people(database, keys, person(child, roles, version=version, consent=consent))

    for version, consent in enumerate(("missing", "refused", "withdrawn"), start=2):
        await told(version, consent)
        for path, body in asked:
            assert await desk.refused(child, "POST", path, body) == (403, "consent-needed"), path
    await told(5, "given")
    made = await desk.ok(child, "POST", *asked[0])
    case = await desk.ok(child, "POST", *asked[-1])
    # What was asked with consent is answered and read on; the bank goes on recording what is the child's.
    await told(6, "withdrawn")
    assert await desk.ok(child, "POST", *asked[0]) == made
    assert (await desk.ok(child, "GET", f"/v1/cases/{case['id']}"))["state"] == "opened"
    assert await _available(desk, child) == "5.00"
    await desk.lots(child, (district.school, district.course, "1.00"), attempt="2027")
    assert await _available(desk, child) == "6.00"


async def test_a_child_accepts_what_is_offered_by_consent_alone(
    desk: Desk, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    child = district.students[0]
    address = f"/v1/recognitions/{await requested(desk, district)}"
    await desk.ok(office.assessor, "POST", f"{address}/assessment", assessment(district))
    await desk.ok(office.registrar, "POST", f"{address}/decision", APPROVE)
    for version, consent in enumerate(("withdrawn", "given"), start=2):
        told = person(child, ("student", district.school), version=version, consent=consent)
        await tell_of_people(database, keys, told)
        if consent == "withdrawn":
            assert await desk.refused(child, "POST", f"{address}/acceptance") == (403, "consent-needed")
    assert (await desk.ok(child, "POST", f"{address}/acceptance"))["state"] == "posted"


async def _available(desk: Desk, learner: UUID) -> str:
    found: str = (await desk.bank.account(learner))["accounts"][0]["available"]
    return found
