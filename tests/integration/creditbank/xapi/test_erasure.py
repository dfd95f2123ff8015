"""Erasing a person's record: what the person did goes, in what others did the person becomes nobody."""

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from fastapi import FastAPI

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.app import _auth
from services.creditbank.learners.keys import KeyRing
from services.creditbank.xapi.operations import service as operations
from services.creditbank.xapi.removals import erasing
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, as_event, person
from tests.integration.creditbank.xapi.conftest import ADMINISTERS, Issue, Tool
from tests.integration.creditbank.xapi.statements import (
    PATH,
    VOIDED,
    about,
    agent,
    fresh,
    ids,
    listed,
    one,
    statement,
    stored,
    voiding,
)

ISSUER = "http://127.0.0.1:8001"
NOBODY = "http://creditbank.example/xapi/erased"


def account(who: object) -> dict[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": ISSUER, "name": str(who)}}


def mailbox(address: str) -> dict[str, Any]:
    return {"objectType": "Agent", "mbox": f"mailto:{address}"}


class Erasing:
    """What auth tells of people, and the worker that removes."""

    def __init__(self, app: FastAPI, database: Database, keys: KeyRing, district: District) -> None:
        self.app, self.database, self.district = app, database, district
        self.handlers = _auth(app.state.settings, keys).handlers

    async def tell(self, kind: str, *documents: dict[str, Any]) -> None:
        async with self.database.pool.acquire() as connection, connection.transaction():
            await self.handlers[f"auth.person.{kind}.v1"](connection, [as_event(one) for one in documents])  # type: ignore[arg-type]

    async def student(self, email: str | None = None, school: UUID | None = None) -> UUID:
        who = new_id()
        place = school or self.district.school
        await self.tell("changed", person(who, ("student", place), version=1, email=email))
        return who

    async def work(self) -> None:
        while await self.app.state.remover.work():
            pass

    async def erase(self, *people: UUID) -> None:
        await self.tell("erased", *({"id": who, "version": 9} for who in people))
        await self.work()


@pytest.fixture
async def erasing_of(
    app: FastAPI, database: Database, keys: KeyRing, district: District
) -> AsyncIterator[Erasing]:
    made = Erasing(app, database, keys, district)
    yield made
    await made.work()


@pytest.fixture
def address() -> str:
    return f"Erika.{uuid4().hex}@Example.com"


async def everything(database: Database, *texts: object) -> list[str]:
    """Tables of the record store in which one of the texts is found, in whatever column."""
    found = []
    tables = await database.pool.fetch(
        "select relname from pg_class where relkind = 'r' and relname like 'xapi%'"
    )
    for (table,) in tables:
        for text in texts:
            needle = f"%{text}%"
            query = (
                f"select exists (select from {table} t where t::text like $1 or"
                " exists (select from jsonb_each_text(to_jsonb(t)) c where c.value like '\\x%'"
                " and position($2 in c.value) > 0))"
            )
            if await database.pool.fetchval(query, needle, str(text).encode().hex()):
                found.append(table)
    return found


async def test_all_a_person_did_goes_and_nothing_of_the_person_is_left(
    erasing_of: Erasing, tool: Tool, address: str, database: Database
) -> None:
    who, other = await erasing_of.student(address), await erasing_of.student()
    own = [
        statement(actor=account(who)),
        statement(actor={**mailbox(address), "name": f"Name {who}"}),
        statement(actor=mailbox(address.lower()), object=agent()),
    ]
    comment, theirs = about(own[0]), statement(actor=account(other))
    await stored(tool, *own, comment, theirs)
    query = {"agent": json.dumps(account(who)), "activityId": fresh("a"), "stateId": "s"}
    assert (await tool.put("/activities/state", params=query, json={"at": 1})).status_code == 204
    profile = {"agent": json.dumps(mailbox(address)), "profileId": "p"}
    put = await tool.put("/agents/profile", params=profile, json={}, headers={"If-None-Match": "*"})
    assert put.status_code == 204
    assert comment["id"] in await ids(tool, agent=json.dumps(account(who)))
    await erasing_of.erase(who)
    assert await ids(tool) == [theirs["id"], comment["id"]]
    assert await ids(tool, agent=json.dumps(account(who))) == []
    assert (await tool.get("/activities/state", params=query)).status_code == 404
    assert (await tool.get("/agents/profile", params=profile)).status_code == 404
    assert await everything(database, who, address, address.lower()) == []
    for each in own:
        gone = await tool.get(PATH, params={"statementId": each["id"]})
        assert gone.status_code == 404


async def test_what_was_erased_is_not_stored_again_and_stops_nobody(erasing_of: Erasing, tool: Tool) -> None:
    who = await erasing_of.student()
    gone, other = statement(actor=account(who)), statement()
    await stored(tool, gone)
    await erasing_of.erase(who)
    assert await stored(tool, gone, other) == [gone["id"], other["id"]]
    again = {name: value for name, value in gone.items() if name != "id"}
    put = await tool.put(PATH, params={"statementId": gone["id"]}, json=again)
    assert put.status_code == 204
    lenient = await tool.post(PATH, json=[gone], headers={"Prefer": "handling=lenient"})
    assert lenient.status_code == 200
    assert await ids(tool) == [other["id"]]
    assert (await tool.get(PATH, params={"statementId": gone["id"]})).status_code == 404


async def test_in_statements_of_others_the_person_becomes_nobody(
    erasing_of: Erasing, tool: Tool, address: str, database: Database
) -> None:
    """As object, member, instructor, team, in a substatement, and among the contextual agents of 2.0."""
    who = await erasing_of.student(address)
    me, mail, teacher = {**account(who), "name": f"Name {who}"}, mailbox(address), agent()
    group = {"objectType": "Group", "member": [me, teacher]}
    within = {name: value for name, value in statement(actor=mail).items() if name != "id"}
    others = [
        statement(actor=teacher, object=me),
        statement(actor=group),
        statement(actor=teacher, context={"instructor": mail, "team": group}),
        statement(actor=teacher, object={"objectType": "SubStatement", **within}),
    ]
    newer = statement(
        actor=teacher,
        context={
            "contextAgents": [{"objectType": "contextAgent", "agent": me}],
            "contextGroups": [{"objectType": "contextGroup", "group": group}],
        },
    )
    await stored(tool, *others)
    await stored(tool.speaking("2.0.0"), newer)
    comment = about(others[0])
    await stored(tool, comment)
    before = {each["id"]: each for each in await listed(tool.speaking("2.0.0"))}
    await erasing_of.erase(who)
    after = {each["id"]: each for each in await listed(tool.speaking("2.0.0"))}
    assert set(after) == set(before)
    assert await everything(database, who, address) == []
    nobody = after[others[0]["id"]]["object"]
    assert nobody["account"]["homePage"] == NOBODY
    assert after[others[1]["id"]]["actor"]["member"][0]["account"] == nobody["account"]
    assert after[others[1]["id"]]["actor"]["member"][1] == teacher
    assert after[newer["id"]]["context"]["contextAgents"][0]["agent"]["account"] == nobody["account"]
    for name in ("stored", "timestamp", "verb", "version"):
        assert all(after[each][name] == before[each][name] for each in before)
    asked = json.dumps({"account": nobody["account"]})
    assert set(await ids(tool, agent=asked)) == {others[0]["id"], others[1]["id"], comment["id"]}
    related = await ids(tool, agent=asked, related_agents="true")
    assert set(related) == {each["id"] for each in (*others, newer, comment)}
    assert set(await ids(tool, agent=json.dumps(teacher))) == set(before)
    [told] = [
        row for row in await _operations(database, erasing_of.district.school) if row["kind"] == "erasure"
    ]
    assert (told["statements"], told["renamed"]) == (0, 5)


async def _operations(database: Database, organisation: UUID) -> list[asyncpg.Record]:
    return await database.pool.fetch(
        "select * from xapi_operation where organisation = $1 order by id", organisation
    )


async def test_attachments_go_with_the_last_statement_that_names_them(
    erasing_of: Erasing, tool: Tool, database: Database
) -> None:
    who = await erasing_of.student()
    mine, shared = b"my essay", b"the task"

    async def post(actor: dict[str, Any], *contents: bytes) -> None:
        attachments = [
            {
                "usageType": "https://x.example/file",
                "display": {"en": "File"},
                "contentType": "text/plain",
                "length": len(content),
                "sha2": sha256(content).hexdigest(),
            }
            for content in contents
        ]
        told = json.dumps(statement(actor=actor, attachments=attachments))
        parts = [b"--b\r\nContent-Type: application/json\r\n\r\n" + told.encode()]
        for content in contents:
            head = "--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n"
            named = f"X-Experience-API-Hash: {sha256(content).hexdigest()}\r\n\r\n"
            parts.append((head + named).encode() + content)
        body = b"\r\n".join([*parts, b"--b--\r\n"])
        sent = await tool.post(PATH, content=body, headers={"Content-Type": "multipart/mixed; boundary=b"})
        assert sent.status_code == 200, sent.text

    await post(account(who), mine, shared)
    await post(agent(), shared)
    await erasing_of.erase(who)
    kept = await database.pool.fetch(
        "select content from xapi_attachment where organisation = $1", erasing_of.district.school
    )
    assert [row["content"] for row in kept] == [shared]
    await post(agent(), mine)
    answer = await tool.get(PATH, params={"attachments": "true"})
    assert mine in answer.content


async def test_what_the_person_voided_stays_void_and_what_voided_the_persons_goes(
    erasing_of: Erasing, issue: Issue, tool: Tool
) -> None:
    who = await erasing_of.student()
    theirs, own = statement(), statement(actor=account(who))
    by_me, of_mine = voiding(theirs, actor=account(who)), voiding(own)
    own_voided = statement(actor=account(who))
    own_voiding = voiding(own_voided, actor=account(who))
    await stored(tool, theirs, own, own_voided)
    await stored(tool, by_me, of_mine, own_voiding)
    await erasing_of.erase(who)
    [left] = await listed(tool)
    assert left["id"] == by_me["id"]
    assert left["actor"]["account"]["homePage"] == NOBODY
    assert left["verb"]["id"] == VOIDED
    void = await tool.get(PATH, params={"voidedStatementId": theirs["id"]})
    assert void.status_code == 200
    assert (await tool.get(PATH, params={"voidedStatementId": own["id"]})).status_code == 404


async def test_an_address_of_another_now_is_the_persons_only_for_the_time_it_was(
    erasing_of: Erasing, tool: Tool, address: str
) -> None:
    first = await erasing_of.student(address)
    mine = statement(actor=mailbox(address))
    await stored(tool, mine)
    await erasing_of.tell(
        "changed", person(first, ("student", erasing_of.district.school), version=2, email=None)
    )
    await erasing_of.student(address)
    theirs, graded = statement(actor=mailbox(address)), statement(object=mailbox(address))
    await stored(tool, theirs, graded)
    await erasing_of.erase(first)
    assert {each["id"]: each for each in await listed(tool)}.keys() == {theirs["id"], graded["id"]}
    assert (await one(tool, graded["id"]))["object"]["mbox"] == f"mailto:{address}"


async def test_other_lines_keep_what_they_know_of_an_address_but_not_of_the_account(
    erasing_of: Erasing, tool: Tool, elsewhere: Tool, address: str
) -> None:
    """Whoever writes an address into a roster cannot have it erased from the stores of others."""
    who = await erasing_of.student(address)
    by_address, by_account = statement(actor=mailbox(address)), statement(actor=account(who))
    await stored(elsewhere, by_address, by_account)
    await erasing_of.erase(who)
    assert await ids(elsewhere) == [by_address["id"]]


async def test_merged_records_are_erased_together_and_become_one_nobody(
    erasing_of: Erasing, tool: Tool, address: str
) -> None:
    kept, merged = await erasing_of.student(), await erasing_of.student(address)
    await erasing_of.tell("merged", {"id": merged, "into": kept, "version": 3})
    about_them = [statement(object=account(kept)), statement(object=account(merged))]
    await stored(tool, statement(actor=account(merged)), statement(actor=mailbox(address)), *about_them)
    await erasing_of.erase(kept, merged)
    left = await listed(tool)
    assert {each["id"] for each in left} == {each["id"] for each in about_them}
    assert left[0]["object"] == left[1]["object"]


async def test_somebody_the_bank_never_heard_of_is_erased_too(erasing_of: Erasing, tool: Tool) -> None:
    who, theirs = new_id(), statement()
    await stored(tool, statement(actor=account(who)), theirs)
    await erasing_of.erase(who)
    assert await ids(tool) == [theirs["id"]]


async def test_it_goes_batch_by_batch_and_goes_on_where_it_was_cut_off(
    erasing_of: Erasing, tool: Tool, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash in the middle of a batch undoes that batch alone, counts and all."""
    monkeypatch.setattr(erasing, "MOST", 4)
    who = await erasing_of.student()
    await stored(tool, *(statement(actor=account(who)) for _ in range(10)), statement(object=account(who)))
    await erasing_of.tell("erased", {"id": who, "version": 9})
    assert await erasing_of.app.state.remover.work()
    assert len(await ids(tool)) == 7
    with monkeypatch.context() as patched:

        async def crash(*_: object, **__: object) -> None:
            raise ConnectionResetError

        patched.setattr(operations, "count", crash)
        with pytest.raises(ConnectionResetError):
            await erasing_of.app.state.remover.work()
    assert len(await ids(tool)) == 7
    await erasing_of.work()
    assert len(await ids(tool)) == 1
    [told] = await _operations(database, erasing_of.district.school)
    assert (told["statements"], told["renamed"], told["kind"]) == (10, 1, "erasure")
    assert told["ended_at"] is not None
    assert (
        await database.pool.fetchval("select count(*) from xapi_erasure where agent like $1", f"%{who}") == 0
    )


async def test_subscriptions_to_the_person_end_and_what_waits_is_not_sent(
    erasing_of: Erasing, tool: Tool, bank: Bank, administrator: UUID, database: Database
) -> None:
    who, school = await erasing_of.student(), erasing_of.district.school
    headers = bank.of_person(administrator, ADMINISTERS)
    body = {
        "organisation": str(school),
        "name": "Everything",
        "kind": "webhook",
        "address": "http://127.0.0.1:1/hook",
        "filters": {"verb": fresh("verb")},
    }
    named = {**body, "filters": {"agent": account(who)}}
    made = [
        (await bank.client.post("/v1/xapi-subscriptions", json=each, headers=headers)).json()
        for each in (body, named)
    ]
    gone, kept = statement(actor=account(who)), statement()
    await stored(tool, gone, kept)
    rows = await database.pool.fetch(
        "select id, position from xapi_statement where organisation = $1", school
    )
    positions = {str(row["id"]): row["position"] for row in rows}
    for waiting in ([positions[gone["id"]], positions[kept["id"]]], [positions[gone["id"]]]):
        await database.pool.execute(
            "insert into xapi_delivery (id, subscription, positions, dead) values ($1, $2, $3, true)",
            *(new_id(), UUID(made[0]["id"]), waiting),
        )
    await erasing_of.erase(who)
    shown = await bank.client.get(
        "/v1/xapi-subscriptions", params={"organisation": str(school)}, headers=headers
    )
    by_id = {each["id"]: each for each in shown.json()["items"]}
    assert by_id[made[0]["id"]]["status"] == "active"
    ended = by_id[made[1]["id"]]
    assert ended["status"] == "ended"
    assert ended["filters"]["agent"]["account"]["homePage"] == NOBODY
    letters = await bank.client.get(f"/v1/xapi-subscriptions/{made[0]['id']}/dead-letters", headers=headers)
    assert [each["statements"] for each in letters.json()["items"]] == [[kept["id"]]]
    assert await everything(database, who) == []


async def test_tools_go_on_storing_while_somebody_is_erased(
    erasing_of: Erasing, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What refers to statements that go, repeats them, or has nothing to do with them: no error, no trace."""
    monkeypatch.setattr(erasing, "MOST", 5)
    who = await erasing_of.student()
    own = [statement(actor=account(who)) for _ in range(20)]
    await stored(tool, *own)
    await erasing_of.tell("erased", {"id": who, "version": 9})
    others = [[about(each), statement()] for each in own]
    answers, _ = await asyncio.gather(
        asyncio.gather(*(tool.post(PATH, json=each) for each in (*others, *([each] for each in own)))),
        erasing_of.work(),
    )
    assert {answer.status_code for answer in answers} == {200}
    await erasing_of.work()
    assert set(await ids(tool)) == {each["id"] for some in others for each in some}
    assert await ids(tool, agent=json.dumps(account(who))) == []
