"""Who may see and do what: another's is answered like what does not exist."""

from uuid import UUID, uuid4

import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import AUDIENCE
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import (
    District,
    make_district,
    organisation,
    person,
    tell_of_organisations,
    tell_of_people,
)
from tests.issuer import bearer

ABSENT = UUID(int=7)


async def test_a_student_sees_only_the_own_account(bank: Bank, district: District) -> None:
    first, second, _ = district.students
    await bank.posted(district.school, item(first, district.course))
    assert (await bank.account(first))["accounts"][0]["available"] == "1.00"
    assert (await bank.account(second))["accounts"][0]["available"] == "0.00"
    assert (await bank.entries(second))["items"] == []
    for path in (f"/v1/accounts/{first}", f"/v1/accounts/{first}/entries"):
        assert (await bank.client.get(path, headers=bank.of_person(second))).status_code == 404


async def test_somebody_unknown_has_an_empty_account(bank: Bank) -> None:
    stranger = uuid4()
    assert await bank.account(stranger) == {
        "learner": str(stranger),
        "consent": None,
        "home": None,
        "frozen": False,
        "accounts": [],
    }
    assert await bank.entries(stranger) == {"items": [], "next": None}


async def test_a_client_has_no_account_and_a_person_posts_nothing(bank: Bank, district: District) -> None:
    as_client = bank.of_client(district.school, "credits.read")
    assert (await bank.client.get("/v1/accounts/me", headers=as_client)).status_code == 403
    as_person = bank.of_person(district.students[0], "credits.post credits.read")
    body = {"items": [item("S-0", "C-1")]}
    response = await bank.client.post("/v1/deposits", json=body, headers=as_person)
    assert response.status_code == 403
    assert response.json()["type"].endswith("/client-of-institution-needed")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/deposits", "credits.read"),
        ("GET", "/v1/accounts/me", "credits.post"),
        ("GET", "/v1/accounts/me/entries", "credits.post"),
        ("GET", "/v1/schemes", "spaces.read"),
        ("GET", f"/v1/coverage?organisation={ABSENT}", "spaces.read"),
        ("GET", f"/v1/institutions/{ABSENT}/totals", "spaces.read"),
        ("GET", f"/v1/deposits/{ABSENT}", "spaces.read"),
    ],
)
async def test_every_route_wants_its_scope_and_audience(
    bank: Bank, method: str, path: str, scope: str
) -> None:
    wrong_scope = bank.of_person(uuid4(), scope)
    response = await bank.client.request(method, path, headers=wrong_scope)
    assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (403, "insufficient-scope")
    other_service = bearer(bank.issuer.person(uuid4(), "urn:xuebu:spaces", "credits.read credits.post"))
    for headers in ({}, other_service):
        assert (await bank.client.request(method, path, headers=headers)).status_code == 401


async def test_an_institution_posts_for_itself_and_those_below_only(bank: Bank, district: District) -> None:
    ok = await bank.post(district.region, item("S-0", "C-1"), institution=district.school)
    assert ok.status_code == 200
    for poster, institution in (
        (district.school, district.district),
        (district.school, district.other_school),
        (district.school, new_id()),
    ):
        response = await bank.post(poster, item("S-0", "C-1"), institution=institution)
        assert response.status_code == 404
        assert response.json()["type"].endswith("/institution-unknown")


async def test_a_learner_of_another_tree_is_unknown(
    bank: Bank, district: District, database: Database, keys: KeyRing
) -> None:
    elsewhere = await make_district(database, keys)
    answer = await bank.posted(district.school, item(elsewhere.students[0], district.course))
    absent = await bank.posted(district.school, item(new_id(), district.course))
    assert answer["items"][0]["reason"] == absent["items"][0]["reason"] == "learner_unknown"
    # Both districts' rosters call someone S-0: each institution means its own.
    await bank.posted(district.school, item("S-0", district.course, credits="2.00"))
    await bank.posted(elsewhere.school, item("S-0", elsewhere.course, credits="3.00"))
    assert (await bank.account(district.students[0]))["accounts"][0]["available"] == "2.00"
    assert (await bank.account(elsewhere.students[0]))["accounts"][0]["available"] == "3.00"


async def test_who_has_left_may_still_be_given_credits(
    bank: Bank, district: District, database: Database, keys: KeyRing
) -> None:
    student = new_id()
    await tell_of_people(database, keys, person(student, ("student", district.school)))
    await tell_of_people(database, keys, person(student, version=2, status="closed"))
    assert (await bank.posted(district.school, item(student, district.course)))["posted"] == 1
    assert (await bank.posted(district.district, item(student, district.district_course)))["posted"] == 1
    # The other school never knew this learner, the district above both did.
    assert (await bank.posted(district.other_school, item(student, "C-3")))["refused"] == 1


async def test_an_id_two_rosters_below_give_to_two_people_is_ambiguous(
    bank: Bank, district: District, database: Database, keys: KeyRing
) -> None:
    for school in (district.school, district.other_school):
        await tell_of_people(
            database, keys, person(new_id(), identifiers=[{"organisation": school, "sourced_id": "X"}])
        )
    answer = await bank.posted(district.district, item("X", "C-2"))
    assert answer["items"][0]["reason"] == "learner_ambiguous"
    assert (await bank.posted(district.school, item("X", "C-2")))["posted"] == 1


async def test_an_id_two_systems_of_one_anchor_give_to_two_people_is_ambiguous(
    bank: Bank, district: District, database: Database, keys: KeyRing
) -> None:
    """Credits must never go to whoever was told of last."""
    twins = [
        person(new_id(), identifiers=[{"organisation": district.school, "sourced_id": "Y"}]) for _ in range(2)
    ]
    await tell_of_people(database, keys, twins[0])
    await tell_of_people(database, keys, twins[1])
    answer = await bank.posted(district.school, item("Y", "C-1"))
    assert answer["items"][0]["reason"] == "learner_ambiguous"
    left = {**twins[0], "version": 2, "identifiers": []}
    await tell_of_people(database, keys, left)
    assert (await bank.posted(district.school, item("Y", "C-1")))["posted"] == 1


async def test_a_closed_institution_posts_nothing(bank: Bank, district: District, database: Database) -> None:
    closed = organisation(district.school, [district.region, district.district], version=2, status="closed")
    await tell_of_organisations(database, closed)
    response = await bank.post(district.school, item("S-0", "C-1"))
    assert (response.status_code, response.json()["title"]) == (409, "The institution may not post")


async def test_totals_are_for_the_institutions_line(bank: Bank, district: District) -> None:
    await bank.posted(district.school, *(item(f"S-{n}", "C-1", credits="0.35") for n in range(3)))
    await bank.posted(district.district, item("S-0", "C-2", credits="10000.00"))

    async def totals(reader: dict[str, str], institution: UUID) -> object:
        response = await bank.client.get(f"/v1/institutions/{institution}/totals", headers=reader)
        return response.json()["totals"] if response.status_code == 200 else response.status_code

    own = [{"scheme": "xuebu:credits", "entries": 3, "credits": "1.05"}]
    assert await totals(bank.of_client(district.school), district.school) == own
    assert await totals(bank.of_client(district.region, "credits.read"), district.school) == own
    assert await totals(bank.of_client(district.other_school), district.school) == 404
    assert await totals(bank.of_client(district.school), district.district) == 404
    assert await totals(bank.of_person(district.students[0]), district.school) == 404
    assert await totals(bank.of_client(district.school), new_id()) == 404
    assert await totals(bank.of_client(district.other_school), district.other_school) == []


async def test_coverage_is_for_those_who_oversee(
    bank: Bank, district: District, database: Database, keys: KeyRing
) -> None:
    registrar, teacher = new_id(), new_id()
    await tell_of_people(
        database,
        keys,
        person(registrar, ("registrar", district.district)),
        person(teacher, ("teacher", district.school)),
    )

    async def coverage(headers: dict[str, str], organisation_id: UUID) -> dict[str, int] | int:
        response = await bank.client.get(f"/v1/coverage?organisation={organisation_id}", headers=headers)
        if response.status_code != 200:
            return response.status_code
        names = ("people", "accounts", "students", "students_with_account")
        return {name: response.json()[name] for name in names}

    school = {"people": 4, "accounts": 3, "students": 3, "students_with_account": 3}
    assert await coverage(bank.of_person(registrar), district.school) == school
    assert await coverage(bank.of_client(district.region), district.region) == {**school, "people": 5}
    assert await coverage(bank.of_person(registrar), district.region) == 404
    assert await coverage(bank.of_person(teacher), district.school) == 404
    assert await coverage(bank.of_person(district.students[0]), district.school) == 404
    assert await coverage(bank.of_client(district.school), district.other_school) == 404
    service = bearer(bank.issuer.client(None, AUDIENCE, "credits.read"))
    assert await coverage(service, district.school) == 404


async def test_a_bare_service_posts_nothing(bank: Bank) -> None:
    service = bearer(bank.issuer.client(None, AUDIENCE, "credits.post"))
    response = await bank.client.post("/v1/deposits", json={"items": []}, headers=service)
    assert response.status_code == 403
