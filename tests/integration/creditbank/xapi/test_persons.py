"""One person behind several agents: auth's account, addresses and hashes, linked accounts, merged records."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.database import Database
from libs.common.events import Event
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_erased, people_merged, person_changed
from services.creditbank.learners.keys import KeyRing
from services.creditbank.xapi.persons import handlers
from services.creditbank.xapi.statements.keys import key
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, as_event, person
from tests.integration.creditbank.xapi.conftest import Issue, Tool

ISSUER = "http://127.0.0.1:8001"
RECORD = "/v1/records/me/statements"
CHARGE = "credits.read credits.write"


def mailbox(address: str) -> dict[str, str]:
    return {"mbox": f"mailto:{address}"}


def hashed(address: str) -> dict[str, str]:
    return {"mbox_sha1sum": hashlib.sha1(f"mailto:{address}".encode(), usedforsecurity=False).hexdigest()}


def account(name: object, home: str = ISSUER) -> dict[str, Any]:
    return {"account": {"homePage": home, "name": str(name)}}


@dataclass
class Life:
    """A school's tool that records, and the people it records about."""

    tool: Tool
    bank: Bank
    database: Database
    keys: KeyRing
    district: District

    async def tell(self, who: UUID, version: int, email: str | None, *, at: datetime | None = None) -> None:
        """What auth tells of a student of the school."""
        document = person(who, ("student", self.district.school), version=version, email=email)
        event = as_event(document)
        told = Event(event.id, 1, event.type, event.subject, at or datetime.now(UTC), event.data)
        connection = await self.database.connect()
        async with connection.transaction():
            await person_changed(self.keys)(connection, [told])
            await handlers.people_changed(connection, [told])
        await connection.close()

    async def store(self, actor: dict[str, Any], what: str, tool: Tool | None = None) -> None:
        statement = {
            "actor": actor,
            "verb": {"id": "http://adlnet.gov/expapi/verbs/experienced"},
            "object": {"id": f"http://example.com/{what}"},
        }
        answer = await (tool or self.tool).post("/statements", json=statement)
        assert answer.status_code == 200, answer.text

    async def record(self, who: UUID) -> list[str]:
        """What the person's record tells, newest first."""
        answer = await self.tool.client.get(RECORD, headers=self.bank.of_person(who))
        assert answer.status_code == 200, answer.text
        return [one["statement"]["object"]["id"].rpartition("/")[2] for one in answer.json()["items"]]


@pytest.fixture
async def life(tool: Tool, bank: Bank, database: Database, keys: KeyRing, district: District) -> Life:
    return Life(tool, bank, database, keys, district)


@pytest.fixture
def address() -> str:
    return f"Rick.{uuid4().hex}@Example.com"


async def test_the_database_makes_the_same_keys_as_the_store(database: Database) -> None:
    place = new_id()
    for agent in ("mbox mailto:a@b.example", "account http://a 学", "openid http://x/" + "y" * 5000):
        made = await database.pool.fetchval("select xapi_actor_key($1, $2)", place, agent)
        assert made.hex == key(place.hex, "agent", agent)


async def test_account_address_and_hash_are_one_person(life: Life, address: str) -> None:
    who = new_id()
    await life.store(mailbox(address), "before-anybody-knew")
    await life.tell(who, 1, address)
    for name, actor in (
        ("account", account(who)),
        ("address", mailbox(address)),
        ("small", mailbox(address.lower())),
        ("hash", hashed(address)),
        ("small-hash", hashed(address.lower())),
    ):
        await life.store({**actor, "name": "Somebody"}, name)
    await life.store(mailbox("other" + address), "another")
    await life.store(account(who, "http://elsewhere.example"), "another-account")
    expected = ["small-hash", "hash", "small", "address", "account", "before-anybody-knew"]
    assert await life.record(who) == expected


async def test_a_changed_address_stays_part_of_the_life_and_the_new_one_becomes_it(
    life: Life, address: str
) -> None:
    who, later = new_id(), "new" + address
    await life.tell(who, 1, address)
    await life.store(mailbox(address), "old")
    await life.tell(who, 2, later)
    await life.store(mailbox(later), "new")
    await life.store(mailbox(address), "late")
    assert await life.record(who) == ["late", "new", "old"]
    await life.tell(who, 3, None)
    assert await life.record(who) == ["late", "new", "old"]


async def test_an_address_given_to_somebody_else_is_theirs_from_then_on(life: Life, address: str) -> None:
    first, second = new_id(), new_id()
    await life.tell(first, 1, address)
    await life.store(mailbox(address), "first")
    await life.tell(first, 2, None)
    await life.tell(second, 1, address)
    await life.store(mailbox(address), "second")
    assert await life.record(first) == ["first"]
    assert await life.record(second) == ["second"]


async def test_an_address_of_two_at_once_names_neither(life: Life, address: str) -> None:
    parent, child = new_id(), new_id()
    await life.tell(parent, 1, address)
    await life.store(mailbox(address), "alone")
    await life.tell(child, 1, address)
    await life.store(mailbox(address), "whose")
    await life.store(account(child), "mine")
    assert await life.record(parent) == ["alone"]
    assert await life.record(child) == ["mine"]


async def test_old_news_changes_nothing(life: Life, address: str) -> None:
    who = new_id()
    await life.tell(who, 5, address)
    await life.tell(who, 4, "older" + address)
    await life.tell(who, 5, address)
    await life.store(mailbox("older" + address), "stranger")
    assert await life.record(who) == []
    query = "select count(*) from xapi_identity i join learner l on l.number = i.learner where l.id = $1"
    assert await life.database.pool.fetchval(query, who) == 4


async def test_merged_records_are_one_life(life: Life, address: str) -> None:
    kept, given_up = new_id(), new_id()
    await life.tell(kept, 1, address)
    await life.tell(given_up, 1, "old" + address)
    await life.store(account(kept), "kept")
    await life.store(account(given_up), "given-up")
    await life.store(mailbox("old" + address), "by-mail")
    assert await life.record(kept) == ["kept"]
    connection = await life.database.connect()
    async with connection.transaction():
        await people_merged(connection, [as_event({"id": given_up, "into": kept, "version": 9})])
    await connection.close()
    await life.store(account(given_up), "late")
    assert await life.record(kept) == ["late", "by-mail", "given-up", "kept"]


async def test_nothing_leads_from_an_agent_to_somebody_who_was_erased(life: Life, address: str) -> None:
    who = new_id()
    await life.tell(who, 1, address)
    event = as_event({"id": who, "version": 9})
    connection = await life.database.connect()
    async with connection.transaction():
        await handlers.people_erased(connection, [event])
        await people_erased(connection, [event])
    await connection.close()
    query = "select count(*) from xapi_identity where agent = any($1)"
    assert await life.database.pool.fetchval(query, [f"mbox mailto:{address}"]) == 0
    await life.tell(who, 10, address)
    assert await life.database.pool.fetchval(query, [f"mbox mailto:{address}"]) == 0


async def test_only_organisations_of_the_own_line_write_into_a_life(
    life: Life, address: str, issue: Issue, above: UUID
) -> None:
    who = new_id()
    await life.tell(who, 1, address)
    elsewhere = await issue("all", place=life.district.other_school, by=above)
    upstairs = await issue("all", place=life.district.district, by=above)
    await life.store(mailbox(address), "stranger", elsewhere)
    await life.store(mailbox(address), "district", upstairs)
    assert await life.record(who) == ["district"]


async def test_the_record_is_paged_and_leaves_out_what_was_voided(life: Life) -> None:
    who = new_id()
    await life.tell(who, 1, None)
    for n in range(5):
        await life.store(account(who), f"s{n}")
    client, headers = life.tool.client, life.bank.of_person(who)
    first = (await client.get(RECORD, params={"limit": 2}, headers=headers)).json()
    second = (await client.get(RECORD, params={"limit": 2, "cursor": first["next"]}, headers=headers)).json()
    third = (await client.get(RECORD, params={"limit": 2, "cursor": second["next"]}, headers=headers)).json()
    found = [
        one["statement"]["object"]["id"][-2:] for page in (first, second, third) for one in page["items"]
    ]
    assert found == ["s4", "s3", "s2", "s1", "s0"]
    assert third["next"] is None
    voiding = {
        "actor": account(who),
        "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
        "object": {"objectType": "StatementRef", "id": first["items"][0]["id"]},
    }
    assert (await life.tool.post("/statements", json=voiding)).status_code == 200
    left = (await client.get(RECORD, headers=headers)).json()["items"]
    assert first["items"][0]["id"] not in [one["id"] for one in left]
    nobody = await client.get(RECORD, headers=life.bank.of_person(new_id()))
    assert nobody.json()["items"] == []
    machine = await client.get(RECORD, headers=life.bank.of_client(life.district.school, "credits.read"))
    assert machine.status_code == 403


async def test_an_account_elsewhere_is_linked_by_those_in_charge_and_shown_to_the_person(
    life: Life, administrator: UUID
) -> None:
    who, other = new_id(), new_id()
    await life.tell(who, 1, None)
    await life.tell(other, 1, None)
    moodle = account(uuid4().hex, "https://moodle.example")
    await life.store(moodle, "before")
    client, address = life.tool.client, f"/v1/learners/{who}/identities"
    charge, mine = life.bank.of_person(administrator, CHARGE), life.bank.of_person(who, CHARGE)
    assert (await client.post(address, json={"agent": moodle}, headers=mine)).status_code == 404
    for _ in range(2):  # a second time changes nothing
        linked = await client.post(address, json={"agent": moodle}, headers=charge)
        assert linked.status_code == 201, linked.text
        [one] = linked.json()["items"]
        assert one["agent"] == {"objectType": "Agent", **moodle}
        assert (one["source"], one["linked_by"]) == ("link", str(administrator))
    taken = await client.post(f"/v1/learners/{other}/identities", json={"agent": moodle}, headers=charge)
    assert taken.status_code == 409
    assert (await client.get(address, headers=mine)).json() == linked.json()
    assert (await client.get(address, headers=life.bank.of_person(other))).status_code == 404
    assert await life.record(who) == ["before"]
    assert (await client.delete(f"{address}/{one['id']}", headers=mine)).status_code == 404
    assert (await client.delete(f"{address}/{one['id']}", headers=charge)).status_code == 200
    assert (await client.delete(f"{address}/{one['id']}", headers=charge)).status_code == 404
    again = await client.post(f"/v1/learners/{other}/identities", json={"agent": moodle}, headers=charge)
    assert again.status_code == 201
    await life.store(moodle, "after")
    assert await life.record(who) == ["before"]
    assert await life.record(other) == ["after"]


@pytest.mark.parametrize("agent", [{}, {"mbox": "x"}, {"objectType": "Group", "mbox": "mailto:a@b.c"}])
async def test_what_is_no_agent_is_not_linked(life: Life, administrator: UUID, agent: dict[str, Any]) -> None:
    answer = await life.tool.client.post(
        f"/v1/learners/{life.district.students[0]}/identities",
        json={"agent": agent},
        headers=life.bank.of_person(administrator, CHARGE),
    )
    assert answer.status_code == 400


async def test_communication_2_4_a_person_has_all_identifiers_for_whoever_may_read_all(
    life: Life, address: str, issue: Issue, above: UUID
) -> None:
    who = new_id()
    await life.tell(who, 1, address)
    await life.store({**mailbox(address), "name": "里克"}, "x")
    parameters = {"agent": json.dumps(mailbox(address))}
    known = (await life.tool.get("/agents", params=parameters)).json()
    assert known["account"] == [{"homePage": ISSUER, "name": str(who)}]
    assert known["mbox"] == [f"mailto:{address}", f"mailto:{address.lower()}"]
    assert hashed(address)["mbox_sha1sum"] in known["mbox_sha1sum"]
    assert known["name"] == ["里克"]
    by_account = (await life.tool.get("/agents", params={"agent": json.dumps(account(who))})).json()
    assert by_account["mbox"] == sorted(known["mbox"])
    mine = await issue("statements/read/mine")
    elsewhere = await issue("all", place=life.district.other_school, by=above)
    for stranger in (mine, elsewhere):
        found = (await stranger.get("/agents", params=parameters)).json()
        assert found == {"objectType": "Person", "mbox": [f"mailto:{address}"]}
