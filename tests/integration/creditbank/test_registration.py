"""Letting institutions into the bank: applied, reviewed, registered, suspended, withdrawn; by several."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.institutions.handlers import organisation_changed_where_reviewed
from services.creditbank.institutions.rules import ACTS, STANDINGS, Change, after, is_own_checker
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.sending import HEADER, Files, available, row
from tests.integration.creditbank.world import District, as_event, organisation, person, tell_of_people

DECIDES = "credits.read credits.write"


@dataclass
class Office:
    """Those who decide about the district's first school."""

    bank: Bank
    school: UUID
    head: UUID
    first: UUID
    second: UUID
    auditor: UUID

    async def act(self, by: UUID, act: str, reason: str | None = None) -> httpx.Response:
        return await self.bank.client.post(
            f"/v1/institutions/{self.school}/standing",
            json={"act": act, "reason": reason},
            headers=self.bank.of_person(by, DECIDES),
        )

    async def acted(self, by: UUID, act: str, reason: str | None = None) -> str:
        response = await self.act(by, act, reason)
        assert response.status_code == 200, response.text
        standing: str = response.json()["standing"]
        return standing

    async def refused(self, by: UUID, act: str, reason: str | None = None) -> tuple[int, str]:
        response = await self.act(by, act, reason)
        return response.status_code, response.json()["type"].rsplit("/")[-1]


@pytest.fixture
async def office(bank: Bank, database: Database, keys: KeyRing, district: District) -> Office:
    made = Office(bank, district.school, *(new_id() for _ in range(4)))
    await tell_of_people(
        database,
        keys,
        person(made.head, ("administrator", district.school)),
        person(made.first, ("administrator", district.district)),
        person(made.second, ("registrar", district.region)),
        person(made.auditor, ("auditor", district.region)),
    )
    return made


async def newcomer(database: Database, district: District) -> UUID:
    """A school the bank hears of where institutions are let in one by one."""
    school = new_id()
    told = organisation(school, [district.region, district.district])
    connection = await database.connect()
    await organisation_changed_where_reviewed(connection, [as_event(told)])
    await organisation_changed_where_reviewed(connection, [as_event({**told, "version": 2})])
    await connection.close()
    return school


async def test_an_institution_is_let_in_by_two_above_it(
    bank: Bank, database: Database, keys: KeyRing, district: District, office: Office
) -> None:
    office.school = await newcomer(database, district)
    await tell_of_people(database, keys, person(office.head, ("administrator", office.school), version=2))
    posted = await bank.post(office.school, item("S-0", "C-2"))
    assert (posted.status_code, posted.json()["type"].rsplit("/")[-1]) == (409, "not-registered")
    assert await office.refused(office.first, "review") == (409, "standing-forbids")
    assert await office.acted(office.head, "apply") == "applied"
    assert await office.refused(office.head, "review") == (403, "not-in-charge-of-standing")
    assert await office.refused(office.auditor, "review") == (403, "not-in-charge-of-standing")
    assert await office.refused(district.students[0], "review") == (404, "not-found")
    assert await office.acted(office.first, "review") == "reviewed"
    assert await office.refused(office.first, "register") == (403, "second-person-needed")
    assert (await bank.post(office.school, item("S-0", "C-2"))).status_code == 409
    assert await office.acted(office.second, "register") == "registered"
    assert (await bank.post(office.school, item("S-0", "C-2"))).status_code == 200


async def test_who_applied_from_above_does_not_review(
    database: Database, district: District, office: Office
) -> None:
    office.school = await newcomer(database, district)
    assert await office.acted(office.first, "apply") == "applied"
    assert await office.refused(office.first, "review") == (403, "second-person-needed")
    assert await office.acted(office.second, "review") == "reviewed"
    assert await office.refused(office.first, "register") == (403, "second-person-needed")
    assert (await office.act(office.second, "refuse")).status_code == 422
    assert await office.acted(office.second, "refuse", "no statutes") == "unregistered"


async def test_a_registration_waits_for_those_above_who_had_no_part_in_it(
    bank: Bank, database: Database, keys: KeyRing, district: District, office: Office
) -> None:
    """In the one list of what waits, from the application to the registration."""
    office.school = await newcomer(database, district)
    await tell_of_people(database, keys, person(office.head, ("administrator", office.school), version=2))

    async def waits_for() -> list[bool]:
        asked = [
            await bank.client.get("/v1/approvals", headers=bank.of_person(one, DECIDES))
            for one in (office.head, office.first, office.second, office.auditor)
        ]
        lists = [[(one["kind"], one["id"]) for one in each.json()["items"]] for each in asked]
        return [("registration", str(office.school)) in each for each in lists]

    assert await waits_for() == [False] * 4
    await office.acted(office.head, "apply")
    assert await waits_for() == [False, True, True, False]
    await office.acted(office.first, "review")
    assert await waits_for() == [False, False, True, False]
    await office.acted(office.second, "register")
    assert await waits_for() == [False] * 4


async def test_what_a_suspended_or_withdrawn_institution_issued_stays_valid(
    bank: Bank, district: District, office: Office
) -> None:
    await bank.posted(district.school, item("S-0", "C-1"))
    silent = await office.act(office.first, "suspend")
    assert (silent.status_code, silent.json()["errors"][0]["code"]) == (422, "reason_needed")
    assert await office.refused(office.head, "suspend", "x") == (403, "not-in-charge-of-standing")
    assert await office.acted(office.first, "suspend", "doubtful grades") == "suspended"
    assert (await bank.post(district.school, item("S-0", "C-1"))).status_code == 409
    assert await office.refused(office.first, "reinstate") == (403, "second-person-needed")
    assert await office.acted(office.second, "reinstate") == "registered"
    assert (await bank.post(district.school, item("S-0", "C-1"))).status_code == 200
    assert await office.acted(office.head, "withdraw") == "withdrawn"
    assert (await bank.post(district.school, item("S-0", "C-1"))).status_code == 409
    assert await available(bank, district.students[0]) == "2.00"


async def test_the_history_says_who_and_why_and_stays(
    bank: Bank, district: District, office: Office, database: Database, store: ServiceStore
) -> None:
    await office.acted(office.first, "suspend", "doubtful grades")
    path = f"/v1/institutions/{district.school}/standing"
    shown = (await bank.client.get(path, headers=bank.of_client(district.school))).json()
    (change,) = shown["changes"]
    assert (change["act"], change["by"], change["reason"]) == (
        "suspend",
        str(office.first),
        "doubtful grades",
    )
    for stranger in (bank.of_client(district.other_school), bank.of_person(district.students[0])):
        assert (await bank.client.get(path, headers=stranger)).status_code == 404
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.pool.execute("delete from standing_change")


async def test_those_who_applied_are_listed(
    bank: Bank, database: Database, district: District, office: Office
) -> None:
    office.school = await newcomer(database, district)
    await office.acted(office.first, "apply")

    async def listed(headers: dict[str, str], **query: Any) -> Any:
        response = await bank.client.get(
            "/v1/institutions", params={"under": str(district.district), **query}, headers=headers
        )
        return response.status_code, [one["id"] for one in response.json().get("items", [])]

    headers = bank.of_person(office.second)
    assert await listed(headers, standing="applied") == (200, [str(office.school)])
    status, every = await listed(headers)
    assert (status, len(every)) == (200, 4)
    assert await listed(bank.of_client(district.school)) == (404, [])
    assert (await listed(headers, standing="unheard"))[0] == 422


async def test_what_waits_is_looked_at_again_when_an_institution_may_post_again(
    bank: Bank, database: Database, keys: KeyRing, district: District, office: Office, files: Files
) -> None:
    from tests.integration.creditbank.test_suspense import newcomer as new_learner
    from tests.integration.creditbank.test_suspense import tell

    await files.done(HEADER + row("N-9"), suspend_unknown=True)
    await office.acted(office.first, "suspend", "a reason")
    learner = new_learner(district, "N-9")
    await tell(database, keys, learner)
    await files.app.state.file_worker.work_through()
    assert await available(bank, learner["id"]) == "0.00"
    await office.acted(office.second, "reinstate")
    await files.app.state.file_worker.work_through()
    assert await available(bank, learner["id"]) == "1.00"


async def test_a_client_changes_no_standing(bank: Bank, district: District) -> None:
    response = await bank.client.post(
        f"/v1/institutions/{district.school}/standing",
        json={"act": "withdraw"},
        headers=bank.of_client(district.district, "credits.post credits.write"),
    )
    assert response.status_code == 403


@given(st.lists(st.sampled_from(ACTS), max_size=30))
def test_nobody_is_registered_but_through_a_review(acts: list[Any]) -> None:
    standing, trail = "unregistered", []
    for act in acts:
        then = after(standing, act)
        if then is not None:
            standing = then
            trail.append(act)
    assert standing in STANDINGS
    for place, act in enumerate(trail):
        if act == "register":
            assert trail[place - 2 : place] == ["apply", "review"]


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.uuids(version=4)), max_size=8), st.uuids(version=4))
def test_only_the_newest_of_a_kind_counts(changes: list[tuple[Any, UUID]], by: UUID) -> None:
    newest = [Change(*one) for one in changes]
    last = next((one.by for one in newest if one.act == "suspend"), None)
    assert is_own_checker("reinstate", by, newest) == (last == by)
    assert not is_own_checker("suspend", by, newest)
