"""Conversion by a rule in force: what it comes to, its limits, its repetition."""

import asyncio

from libs.common.database import Database
from services.creditbank.books.service import audit
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.rules.conftest import Desk, Publish, conversion, programme
from tests.integration.creditbank.world import District


async def test_credits_become_those_of_another_scheme(
    desk: Desk, publish: Publish, district: District, ects: str, database: Database, keys: KeyRing
) -> None:
    rules = await publish(conversion())
    student = district.students[0]
    lots = await desk.lots(
        student,
        (district.school, district.course, "2.25"),
        (district.school, district.district_course, "1.00"),
    )
    body = {"rule": rules, "lots": [{"lot": lots[0], "credits": "2.25"}, {"lot": lots[1], "credits": "1.00"}]}
    quoted = await desk.ok(student, "POST", "/v1/conversions/quote", body)
    # 3.25 x 3 / 2 = 4.875: in halves 4.5, and 0.375 is left
    assert (quoted["spent"], quoted["issued"], quoted["credits"]) == ("3.25", "4.50", ["3.00", "1.50"])
    assert quoted["remainder"] == 75
    made = await desk.ok(student, "POST", "/v1/conversions", {**body, "key": "c"})
    assert (made["issued"], made["remainder"], len(made["lots"])) == ("4.50", 75, 2)
    assert await desk.ok(student, "POST", "/v1/conversions", {**body, "key": "c"}) == made
    other = {**body, "lots": body["lots"][:1], "key": "c"}
    assert await desk.refused(student, "POST", "/v1/conversions", other) == (409, "idempotency-conflict")
    accounts = {one["scheme"]: one for one in (await desk.bank.account(student))["accounts"]}
    assert accounts[ects]["available"] == "4.50"
    assert accounts["xuebu:credits"]["converted"] == "3.25"
    # What was converted counts towards a programme in the other scheme, parts of one lot beside one another.
    degree = await publish(programme(total="4.50", residency_percent=100), scheme=ects)
    assert (await desk.ok(student, "POST", f"/v1/programmes/{degree}/audit", {}))["met"] is True
    async with database.pool.acquire() as connection:
        assert await audit(connection, keys) == []  # type: ignore[arg-type]


async def test_a_rule_covers_its_own_institution_and_what_it_names(
    desk: Desk, publish: Publish, district: District, ects: str
) -> None:
    student = district.students[0]
    (lot,) = await desk.lots(student, (district.other_school, district.other_course, "2.00"), grade="59")
    body = {"lots": [{"lot": lot, "credits": "2.00"}]}

    async def refused(rules: str) -> str:
        response = await desk.ask(student, "POST", "/v1/conversions/quote", {**body, "rule": rules})
        assert response.status_code == 409
        reasons: str = response.json()["reasons"]
        return reasons.split(": ")[1]

    assert await refused(await publish(conversion())) == "not_below_the_rule"


async def test_grades_and_age_bar_a_conversion(
    desk: Desk, publish: Publish, district: District, ects: str
) -> None:
    student = district.students[0]
    (lot,) = await desk.lots(
        student, (district.school, district.course, "2.00"), grade="59", earned_on="2010-01-01"
    )
    for bar, reason in (
        ({"minimum_grade": "60"}, "grade_too_low"),
        ({"maximum_age_months": 12}, "too_old"),
    ):
        rules = await publish(conversion(bar=bar))
        body = {"rule": rules, "lots": [{"lot": lot, "credits": "2.00"}], "key": reason}
        response = await desk.ask(student, "POST", "/v1/conversions", body)
        assert (response.status_code, response.json()["reasons"]) == (409, f"{lot}: {reason}")


async def test_the_most_holds_over_versions_and_at_once(
    desk: Desk, publish: Publish, district: District, ects: str
) -> None:
    student = district.students[0]
    (lot,) = await desk.lots(student, (district.school, district.course, "10.00"))
    await publish(conversion(most="3.00"), code="capped")
    rules = await publish(conversion(most="3.00"), code="capped")
    bodies = [{"rule": rules, "lots": [{"lot": lot, "credits": "1.00"}], "key": f"k{n}"} for n in range(6)]
    answers = await asyncio.gather(*(desk.ask(student, "POST", "/v1/conversions", body) for body in bodies))
    assert sorted(one.status_code for one in answers) == [200] * 3 + [409] * 3
    refused = next(one.json() for one in answers if one.status_code == 409)
    assert (refused["most"], refused["used"]) == ("3.00", "3.00")


async def test_wrong_conversions_change_nothing(
    desk: Desk, publish: Publish, district: District, ects: str
) -> None:
    rules = await publish(conversion())
    student = district.students[0]
    (lot,) = await desk.lots(student, (district.school, district.course, "1.00"))

    async def refused(credits: str, number: int = lot) -> tuple[int, str]:  # noqa: A002
        body = {"rule": rules, "lots": [{"lot": number, "credits": credits}], "key": "w"}
        return await desk.refused(student, "POST", "/v1/conversions", body)

    assert await refused("1.01") == (404, "lot-unknown")
    assert await refused("1.00", 999) == (404, "lot-unknown")
    assert await refused("0.01") == (409, "nothing-issued")
    assert (await refused("0.00"))[0] == 422
    stranger = {"rule": rules, "lots": [{"lot": lot, "credits": "1.00"}], "key": "w"}
    assert (await desk.refused(district.students[1], "POST", "/v1/conversions", stranger))[0] == 404
    assert (await desk.bank.account(student))["accounts"][0]["available"] == "1.00"
