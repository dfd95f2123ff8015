"""Outcomes: units and certificates of the bank's own, equivalence groups, parts and wholes."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import (
    District,
    course,
    make_district,
    person,
    tell_of_courses,
    tell_of_people,
)


async def add(bank: Bank, organisation: UUID, headers: dict[str, str], **more: Any) -> httpx.Response:
    body = {"organisation": str(organisation), "kind": "certificate", "title": "焊工证", **more}
    return await bank.client.post("/v1/outcomes", json=body, headers=headers)


async def relate(
    bank: Bank, outcome: Any, headers: dict[str, str], group: Any = None, parent: Any = None
) -> httpx.Response:
    body = {"equivalence_group": group and str(group), "parent": parent and str(parent)}
    return await bank.client.put(f"/v1/outcomes/{outcome}/relations", json=body, headers=headers)


async def test_credits_are_posted_for_a_certificate(bank: Bank, district: District) -> None:
    headers = bank.of_client(district.school)
    made = await add(bank, district.school, headers, sourced_id="W-1", code="W")
    assert (made.status_code, made.json()["kind"], made.json()["status"]) == (201, "certificate", "active")
    assert (await bank.posted(district.school, item("S-0", "W-1")))["posted"] == 1
    listed = await bank.client.get(
        "/v1/outcomes", params={"organisation": str(district.school)}, headers=headers
    )
    assert [one["kind"] for one in listed.json()["items"]] == ["course", "certificate"]


async def test_who_may_describe_outcomes(
    bank: Bank, district: District, database: Database, keys: KeyRing
) -> None:
    registrar, auditor = new_id(), new_id()
    await tell_of_people(
        database,
        keys,
        person(registrar, ("registrar", district.district)),
        person(auditor, ("auditor", district.district)),
    )
    scope = "credits.read credits.write"
    for headers, status in (
        (bank.of_person(registrar, scope), 200),
        (bank.of_person(registrar), 403),
        (bank.of_person(auditor, scope), 403),
        (bank.of_person(district.students[0], scope), 404),
        (bank.of_client(district.region), 200),
        (bank.of_client(district.other_school), 404),
        (bank.of_client(district.school, "credits.read"), 403),
    ):
        assert (await relate(bank, district.course, headers, group=new_id())).status_code == status
        assert (await add(bank, district.school, headers)).status_code == (201 if status == 200 else status)
    assert (await relate(bank, new_id(), bank.of_client(district.school))).status_code == 404


async def test_relations_stay_when_auth_tells_of_the_course_again(
    bank: Bank, district: District, database: Database
) -> None:
    headers, group = bank.of_client(district.school), new_id()
    related = await relate(bank, district.course, headers, group, district.district_course)
    assert related.json()["parent"] == str(district.district_course)
    await tell_of_courses(database, course(district.course, district.school, version=2, title="Algebra"))
    listed = await bank.client.get(
        "/v1/outcomes", params={"organisation": str(district.school)}, headers=headers
    )
    (one,) = listed.json()["items"]
    assert (one["title"], one["equivalence_group"]) == ("Algebra", str(group))
    assert (await relate(bank, district.course, headers)).json()["equivalence_group"] is None


async def test_a_whole_is_of_the_same_line_and_no_part_of_its_parts(
    bank: Bank, district: District, database: Database, keys: KeyRing
) -> None:
    headers = bank.of_client(district.region)
    elsewhere = await make_district(database, keys)
    for parent in (elsewhere.course, district.other_course, new_id()):
        response = await relate(bank, district.course, headers, parent=parent)
        assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (404, "parent-unknown")
    assert (await relate(bank, district.course, headers, parent=district.district_course)).status_code == 200
    for part, whole in (
        (district.district_course, district.course),
        (district.course, district.course),
    ):
        response = await relate(bank, part, headers, parent=whole)
        assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (409, "part-of-itself")


@pytest.mark.parametrize("from_below", [False, True])
async def test_a_line_has_an_end(bank: Bank, district: District, from_below: bool) -> None:
    headers = bank.of_client(district.school)
    made = [(await add(bank, district.school, headers)).json()["id"] for _ in range(11)]
    steps = list(zip(made[1:], made, strict=False))
    statuses = [
        (await relate(bank, part, headers, parent=whole)).status_code
        for part, whole in (reversed(steps) if from_below else steps)
    ]
    assert statuses == [200] * 9 + [409]


async def test_bad_bodies_are_refused(bank: Bank, district: District) -> None:
    headers = bank.of_client(district.school)
    for change in ({"kind": "course"}, {"title": ""}, {"title": "a\u0000b"}, {"more": 1}):
        assert (await add(bank, district.school, headers, **change)).status_code == 422
