"""Activity state and profiles in a learner's record: read, carried to another bank, and on from there."""

import base64
import hashlib
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import commitment
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, person, tell_of_people
from tests.integration.creditbank.xapi.conftest import Tool
from tests.integration.creditbank.xapi.test_bringing import THERE, Elsewhere, account, brought, entry
from tests.integration.creditbank.xapi.test_carrying import exported
from tests.integration.creditbank.xapi.test_persons import Life
from tests.integration.creditbank.xapi.test_record import ISSUER


@pytest.fixture
def learner(district: District) -> UUID:
    return district.students[0]


async def listed(bank: Bank, learner: UUID, **query: Any) -> list[dict[str, Any]]:
    answer = await asked(bank, learner, "", learner, **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def asked(bank: Bank, learner: UUID, path: str, who: UUID, **query: Any) -> httpx.Response:
    address = f"/v1/learners/{learner}/record/documents{path}"
    return await bank.client.get(address, params=query, headers=bank.of_person(who))


async def content(bank: Bank, learner: UUID, document: dict[str, Any]) -> httpx.Response:
    return await asked(bank, learner, f"/{document['key']}", learner)


async def stored_state(tool: Tool, agent: dict[str, Any], identifier: str, said: str) -> None:
    state = {"activityId": "https://x.example/b", "agent": json.dumps(agent), "stateId": identifier}
    answer = await tool.put("/activities/state", params=state, content=said)
    assert answer.status_code == 204, answer.text


async def documents_of(bank: Bank, learner: UUID) -> list[dict[str, Any]]:
    lines = [orjson.loads(line) for line in (await exported(bank, learner)).splitlines()]
    return [line for line in lines if line["kind"] == "document"]


async def test_documents_from_elsewhere_are_kept_once_and_the_last_change_stands(
    bank: Bank, learner: UUID
) -> None:
    there = Elsewhere()
    goal = there.document("goal", b"\x00\xff", resource="agents/profile", activity=None)
    shared = there.document("shared", resource="activities/profile")
    other = there.document("other", agent=account("another"))
    there.lines += [there.document(), goal, shared, other]
    done = (await brought(bank, learner, there.export())).json()
    assert (done["documents"], done["refused"], done["left_out"]["others"]) == (2, 0, 2)
    again = (await brought(bank, learner, there.export())).json()
    assert (again["id"], again["documents"]) == (done["id"], 2)
    found = {one["id"]: one for one in await listed(bank, learner)}
    assert set(found) == {"where", "goal"}
    assert found["where"] == {
        "key": found["where"]["key"],
        "resource": "activities/state",
        "organisation": None,
        "activity": "https://x.example/book",
        "registration": None,
        "id": "where",
        "content_type": "text/plain",
        "size": 6,
        "etag": hashlib.sha1(b"page 7", usedforsecurity=False).hexdigest(),
        "modified_at": "2026-01-01T00:00:00.000001Z",
        "elsewhere": {"import": done["id"], "address": THERE, "signed_by": None},
    }
    answer = await content(bank, learner, found["goal"])
    assert (answer.content, answer.headers["content-type"]) == (b"\x00\xff", "text/plain")
    later, earlier = Elsewhere(), Elsewhere()
    for bank_there, said, at in ((later, b"page 9", "2026-02"), (earlier, b"page 1", "2025-12")):
        bank_there.who, bank_there.school = there.who, there.school
        bank_there.lines = [there.document(content=said, modified_at=f"{at}-01T00:00:00Z")]
        assert (await brought(bank, learner, bank_there.export())).status_code == 201
    [where] = [one for one in await listed(bank, learner) if one["id"] == "where"]
    assert (await content(bank, learner, where)).content == b"page 9"


async def test_what_was_brought_is_carried_on_to_a_third_bank(
    bank: Bank, tool: Tool, learner: UUID, district: District
) -> None:
    there = Elsewhere()
    passed = there.said(2, "exam")
    registration = str(uuid4())
    salt, document = bytes(32), '{"kind":  "deposit"}'
    opened = commitment(salt, document).hex()
    proved = {**entry(document), "salt": salt.hex(), "commitment": opened}
    there.lines += [there.document(registration=registration), proved]
    await stored_state(tool, {"account": {"homePage": ISSUER, "name": str(learner)}}, "own", "here")
    assert (await brought(bank, learner, there.export())).status_code == 201
    lines = [orjson.loads(line) for line in (await exported(bank, learner)).splitlines()]
    assert account(there.who)["account"] in [one["account"] for one in lines[0]["agents_elsewhere"]]
    from_there = {"address": THERE, "signed_by": None}
    by_kind = {line["kind"]: line for line in lines if line.get("elsewhere")}
    assert by_kind["statement"]["elsewhere"] == {**from_there, "authority": passed["authority"]}
    assert by_kind["entry"] == {**proved, "sequence": None, "elsewhere": from_there}
    assert by_kind["document"]["elsewhere"] == from_there
    assert by_kind["document"]["registration"] == registration
    [own] = [line for line in lines if line["kind"] == "document" and line["elsewhere"] is None]
    assert (own["id"], own["organisation"]) == ("own", str(district.school))
    third = Elsewhere("https://second.example")
    third.first = {**lines[0], "address": third.address, "learner": str(third.who)}
    third.lines = lines[1:-1]
    another = district.students[1]
    done = await brought(bank, another, third.export())
    assert done.status_code == 201, done.text
    counts = {name: done.json()[name] for name in ("statements", "documents", "credits", "refused")}
    assert counts == {"statements": 1, "documents": 2, "credits": 1, "refused": 0}
    timeline = await bank.client.get(f"/v1/learners/{another}/record", headers=bank.of_person(another))
    [line] = [one for one in timeline.json()["items"] if one["id"] == passed["id"]]
    assert line["elsewhere"]["authority"] == passed["authority"]
    carried = {one["id"]: base64.b64decode(one["content"]) for one in await documents_of(bank, another)}
    assert carried == {"where": b"page 7", "own": b"here"}


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"organisation": "here"}, "organisation"),
        ({"activity": "no iri"}, "activity"),
        ({"registration": 1}, "registration"),
        ({"identifier": ""}, "id"),
        ({"identifier": "a\0"}, "id"),
        ({"content_type": "text/漢"}, "content_type"),
        ({"content": b""}, None),
        ({"modified_at": "yesterday"}, "modified_at"),
        ({"modified_at": "0001-01-01T00:00:00Z"}, None),
        ({"modified_at": "9999-12-31T23:59:59Z"}, None),
    ],
)
async def test_a_document_that_cannot_be_is_named(
    bank: Bank, learner: UUID, members: dict[str, Any], path: str | None
) -> None:
    there = Elsewhere()
    there.lines.append(there.document(**members))
    done = (await brought(bank, learner, there.export())).json()
    assert [one["path"] for one in done["refusals"]] == ([] if path is None else [path])
    assert len(await listed(bank, learner, limit=1)) == (path is None)


async def test_documents_are_paged_changed_last_first(bank: Bank, tool: Tool, learner: UUID) -> None:
    names = [f"d{number}" for number in range(5)]
    for name in names:
        await stored_state(tool, {"account": {"homePage": ISSUER, "name": str(learner)}}, name, name)
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await asked(bank, learner, "", learner, limit=2, **cursor)).json()
        found += [one["id"] for one in answer["items"]]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    assert found == names[::-1]
    for wrong in ("x", "WzEsInp6Il0"):
        assert (await asked(bank, learner, "", learner, cursor=wrong)).status_code == 422


async def test_only_the_learner_reads_them(bank: Bank, tool: Tool, learner: UUID, district: District) -> None:
    await stored_state(tool, {"account": {"homePage": ISSUER, "name": str(learner)}}, "a", "mine")
    [one] = await listed(bank, learner)
    for who in (district.students[1], new_id()):
        assert (await asked(bank, learner, "", who)).status_code == 404
        assert (await asked(bank, learner, f"/{one['key']}", who)).status_code == 404
    mine = await asked(bank, district.students[1], f"/{one['key']}", district.students[1])
    assert mine.status_code == 404
    assert (await asked(bank, learner, f"/{'0' * 64}", learner)).status_code == 404
    assert (await asked(bank, learner, "/x", learner)).status_code == 422


async def test_an_address_leads_to_documents_only_while_it_is_the_learner_s(
    tool: Tool, bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    life = Life(tool, bank, database, keys, district)
    address, first, second = f"{uuid4().hex}@x.example", new_id(), new_id()
    await life.tell(first, 1, address)
    await stored_state(tool, {"mbox": f"mailto:{address}"}, "of-first", "a")
    await life.tell(first, 2, f"new{address}")
    await life.tell(second, 1, address)
    await stored_state(tool, {"mbox": f"mailto:{address}"}, "of-second", "b")
    for who, name in ((first, "of-first"), (second, "of-second")):
        assert [one["id"] for one in await listed(bank, who)] == [name]
        assert [one["id"] for one in await documents_of(bank, who)] == [name]


async def test_a_child_without_consent_has_none(
    bank: Bank, tool: Tool, database: Database, keys: KeyRing, district: District
) -> None:
    child = new_id()
    told = person(child, ("student", district.school), consent="missing")
    await tell_of_people(database, keys, told)
    await stored_state(tool, {"account": {"homePage": ISSUER, "name": str(child)}}, "a", "mine")
    assert (await asked(bank, child, "", child)).status_code == 403
    assert (await asked(bank, child, f"/{'0' * 64}", child)).status_code == 403
