"""An institution corrects and revokes its own deposits: one asks, another decides, nothing is rewritten."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.books.service import audit
from services.creditbank.learners.handlers import people_merged
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import Part
from services.creditbank.ledger.service import Ledger
from services.creditbank.tables import Connection
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.ledger.conftest import SCHEME, lots, number_of
from tests.integration.creditbank.world import District, as_event, person, tell_of_people


class Office:
    """A school's registrar and its client, and a deposit of theirs."""

    def __init__(self, bank: Bank, district: District, registrar: UUID) -> None:
        self.bank = bank
        self.district = district
        self.registrar = bank.of_person(registrar, "credits.write credits.read")
        self.machine = bank.of_client(district.school)
        self.deposit = self.entry = ""

    async def post(self, **changes: Any) -> None:
        posted = await self.bank.posted(
            self.district.school,
            item(self.district.students[0], self.district.course, credits="2.00", attempt="2026", **changes),
        )
        self.deposit, self.entry = posted["batch"], posted["items"][0]["entry"]

    async def ask(self, headers: dict[str, str], **body: Any) -> httpx.Response:
        path = f"/v1/deposits/{self.deposit}/entries/{self.entry}/corrections"
        return await self.bank.client.post(path, json={"reason": "marked anew", **body}, headers=headers)

    async def asked(self, **body: Any) -> str:
        answer = await self.ask(self.machine, **body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def decide(
        self, correction: str, headers: dict[str, str], decision: str = "approved", **body: Any
    ) -> httpx.Response:
        return await self.bank.client.post(
            f"/v1/corrections/{correction}/decision", json={"decision": decision, **body}, headers=headers
        )

    def replacement(self, **changes: Any) -> dict[str, Any]:
        course = {"id": str(self.district.course)}
        return {
            "course": course, "credits": "3.00", "attempt": "2026", "grade": "A", "earned_on": "2026-06-30",
            **changes,
        }  # fmt: skip


@pytest.fixture
async def office(bank: Bank, district: District, database: Database, keys: KeyRing) -> Office:
    registrar = new_id()
    await tell_of_people(database, keys, person(registrar, ("registrar", district.school)))
    made = Office(bank, district, registrar)
    await made.post()
    return made


async def test_complaint_ten_double_posting_after_re_marking_is_corrected_in_place(
    office: Office, connection: Connection, district: District, database: Database, keys: KeyRing
) -> None:
    """The attempt is posted once; re-marking takes the first result back and puts the new one there."""
    again = await office.bank.posted(
        district.school, item(district.students[0], district.course, credits="3.00", attempt="2026")
    )
    assert again["items"][0]["reason"] == "attempt_already_posted"
    correction = await office.asked(replacement=office.replacement())
    decided = await office.decide(correction, office.registrar)
    assert decided.status_code == 200, decided.text
    answer = decided.json()
    assert (answer["state"], answer["entry"]) == ("approved", office.entry)
    learner = await number_of(database, district.students[0])
    assert await lots(connection, learner) == [(0, 0, 0, 0, 0, 200), (300, 0, 0, 0, 0, 0)]
    entries = (await office.bank.entries(district.students[0]))["items"]
    assert [entry["kind"] for entry in entries] == ["deposit", "revocation", "deposit"]
    assert (entries[0]["id"], entries[1]["id"]) == (answer["replaced_by"], answer["revocation"])
    assert {entries[0]["batch"], entries[1]["batch"]} == {correction}
    assert (entries[1]["reverses"], entries[2]["reversed_by"]) == (1, 2)
    assert await audit(connection, keys) == []


async def test_a_deposit_is_revoked_by_two_and_once(
    office: Office, connection: Connection, database: Database
) -> None:
    correction = await office.asked()
    assert (await office.ask(office.registrar)).json()["type"].endswith("/correction-under-way")
    refused = await office.decide(correction, office.machine)
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("/correction-needs-another")
    assert (await office.decide(correction, office.registrar)).status_code == 200
    over = await office.decide(correction, office.registrar)
    assert (over.status_code, over.json()["state"]) == (409, "approved")
    second = await office.asked()
    refused = await office.decide(second, office.registrar)
    assert refused.json()["type"].endswith("/entry-reversed")
    learner = await number_of(database, office.district.students[0])
    assert await lots(connection, learner) == [(0, 0, 0, 0, 0, 200)]


async def test_a_refused_replacement_leaves_the_deposit(
    office: Office, connection: Connection, database: Database
) -> None:
    correction = await office.asked(replacement=office.replacement(course={"id": str(new_id())}))
    refused = await office.decide(correction, office.registrar)
    assert (refused.status_code, refused.json()["reason"]) == (409, "course_unknown")
    assert refused.json()["detail"] == "This is no course of the institution's line."
    learner = await number_of(database, office.district.students[0])
    assert await lots(connection, learner) == [(200, 0, 0, 0, 0, 0)]
    shown = await office.bank.client.get(f"/v1/corrections/{correction}", headers=office.machine)
    assert shown.json()["state"] == "requested"
    assert (await office.decide(correction, office.machine, "withdrawn")).json()["state"] == "withdrawn"


async def test_credits_in_use_are_not_revoked(
    office: Office, connection: Connection, database: Database, ledger: Ledger
) -> None:
    learner = await number_of(database, office.district.students[0])
    spent = await ledger.redeem(connection, learner, SCHEME, [Part(1, 1)], key="k")
    correction = await office.asked()
    refused = await office.decide(correction, office.registrar)
    assert (refused.status_code, refused.json()["type"].split("/")[-1]) == (409, "credits-in-use")
    await ledger.rescind(connection, spent.place, key="r")
    assert (await office.decide(correction, office.registrar)).status_code == 200


async def test_a_rejection_says_why_and_is_listed(office: Office) -> None:
    correction = await office.asked()
    assert (await office.decide(correction, office.registrar, "rejected")).status_code == 422
    answer = await office.decide(correction, office.registrar, "rejected", reason="not ours")
    assert (answer.json()["state"], answer.json()["decision_reason"]) == ("rejected", "not ours")
    for state, count in (("rejected", 1), ("approved", 0)):
        listed = await office.bank.client.get(
            "/v1/corrections",
            params={"institution": str(office.district.school), "state": state, "limit": 1},
            headers=office.registrar,
        )
        assert len(listed.json()["items"]) == count


async def test_only_the_institution_and_those_above_correct(
    office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    auditor, teacher = new_id(), new_id()
    await tell_of_people(
        database,
        keys,
        person(auditor, ("auditor", district.school)),
        person(teacher, ("teacher", district.school)),
    )
    of = office.bank.of_person
    assert (await office.ask(office.bank.of_client(district.other_school))).status_code == 404
    assert (await office.ask(of(teacher, "credits.write credits.read"))).status_code == 404
    assert (await office.ask(of(district.students[0], "credits.write credits.read"))).status_code == 404
    assert (await office.ask(of(auditor, "credits.write credits.read"))).status_code == 403
    assert (await office.ask(of(auditor))).json()["type"].endswith("/insufficient-scope")
    correction = await office.asked()
    stranger = office.bank.of_client(district.other_school)
    assert (await office.decide(correction, stranger)).status_code == 404
    assert (
        await office.bank.client.get(f"/v1/corrections/{correction}", headers=stranger)
    ).status_code == 404
    above = office.bank.of_client(district.district)
    assert (await office.decide(correction, above)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"reason": ""},
        {"replacement": {}},
        {"replacement": {"course": {"id": str(new_id())}, "credits": "0", "earned_on": "2026-06-30"}},
        {"replacement": {"course": {}, "credits": "1", "earned_on": "2026-06-30"}},
        {"other": 1},
    ],
)
async def test_bad_input_is_told(office: Office, body: dict[str, Any]) -> None:
    assert (await office.ask(office.machine, **body)).status_code == 422


async def test_a_second_id_makes_no_second_person(
    office: Office, bank: Bank, district: District, database: Database, keys: KeyRing
) -> None:
    """Whoever has two records that were merged is one person, under either id."""
    asking, other = new_id(), new_id()
    await tell_of_people(
        database, keys, *(person(one, ("registrar", district.school)) for one in (asking, other))
    )
    correction = (await office.ask(bank.of_person(asking, "credits.write credits.read"))).json()["id"]
    connection = await database.connect()
    async with connection.transaction():
        merged = {"id": str(asking), "into": str(other), "version": 9}
        await people_merged(connection, [as_event(merged)])
    await connection.close()
    refused = await office.decide(correction, bank.of_person(other, "credits.write credits.read"))
    assert (refused.status_code, refused.json()["type"].rsplit("/")[-1]) == (403, "correction-needs-another")
    assert (await office.decide(correction, office.registrar)).status_code == 200
