"""What each door lets do with statements: scopes (Communication 4.2), organisations, people."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, person, tell_of_people
from tests.integration.creditbank.xapi.conftest import Issue, Tool

ISSUER = "http://127.0.0.1:8001"
VERSION = {"X-Experience-API-Version": "1.0.3"}


def account(name: object) -> dict[str, Any]:
    return {"account": {"homePage": ISSUER, "name": str(name)}}


def statement(actor: dict[str, Any], activity: str = "", **definition: Any) -> dict[str, Any]:
    thing: dict[str, Any] = {"id": activity or f"http://example.com/{uuid4()}"}
    if definition:
        thing["definition"] = definition
    verb = {"id": "http://adlnet.gov/expapi/verbs/experienced"}
    return {"id": str(uuid4()), "actor": actor, "verb": verb, "object": thing}


async def store(client: httpx.AsyncClient, proof: dict[str, str], *statements: dict[str, Any]) -> int:
    answer = await client.post("/xapi/statements", json=list(statements), headers={**VERSION, **proof})
    return answer.status_code


async def visible(
    client: httpx.AsyncClient, proof: dict[str, str], *statements: dict[str, Any]
) -> list[bool]:
    """Which of these a door shows, one by one and in a page, which must agree."""
    headers = {**VERSION, **proof}
    page = await client.get("/xapi/statements", params={"limit": 100}, headers=headers)
    assert page.status_code == 200, page.text
    listed = {one["id"] for one in page.json()["statements"]}
    found = []
    for one in statements:
        single = await client.get("/xapi/statements", params={"statementId": one["id"]}, headers=headers)
        assert (single.status_code == 200) == (one["id"] in listed)
        found.append(one["id"] in listed)
    return found


async def test_communication_4_2_scopes_of_statements(issue: Issue) -> None:
    writer, mine, reader = (
        await issue("statements/write"),
        await issue("statements/write", "statements/read/mine"),
        await issue("statements/read"),
    )
    client, somebody = writer.client, {"mbox": "mailto:a@b.example"}
    one, two = statement(somebody), statement(somebody)
    assert await store(client, writer.authorization, one) == 200
    assert await store(client, mine.authorization, two) == 200
    assert await store(client, reader.authorization, statement(somebody)) == 403
    refused = await writer.get("/statements")
    assert (refused.status_code, refused.json()["permissions"]) == (
        403,
        "statements/read, statements/read/mine",
    )
    assert await visible(client, mine.authorization, one, two) == [False, True]
    assert await visible(client, reader.authorization, one, two) == [True, True]
    filtered = await mine.get("/statements", params={"agent": json.dumps(somebody)})
    assert [found["id"] for found in filtered.json()["statements"]] == [two["id"]]


async def test_communication_4_2_without_define_a_statement_defines_nothing(issue: Issue) -> None:
    plain, defining = await issue("statements/write"), await issue("statements/write", "define")
    activity = f"http://example.com/{uuid4()}"
    for tool, name in ((defining, "First"), (plain, "Second")):
        told = statement({"mbox": "mailto:a@b.example"}, activity, name={"en": name})
        assert await store(tool.client, tool.authorization, told) == 200
    answer = await defining.get("/activities", params={"activityId": activity})
    assert answer.json()["definition"] == {"name": {"en": "First"}}


async def test_statements_are_vouched_for_by_the_door_whatever_they_say(
    tool: Tool, bank: Bank, district: District
) -> None:
    forged = {**statement(account("x")), "authority": {"mbox": "mailto:somebody@else.example"}}
    assert await store(tool.client, tool.authorization, forged) == 200
    shown = await tool.get("/statements", params={"statementId": forged["id"]})
    authority = shown.json()["authority"]
    assert authority["account"]["name"] == tool.credential["id"]
    assert authority["name"] == "Course player"
    machine = bank.of_client(district.school, "all")
    by_machine = statement(account("x"))
    assert await store(tool.client, machine, by_machine) == 200
    shown = await tool.get("/statements", params={"statementId": by_machine["id"]})
    authority = shown.json()["authority"]
    assert (authority["objectType"], authority["account"]["homePage"]) == ("Agent", ISSUER)


async def test_no_organisation_sees_another_s_statements(
    tool: Tool, issue: Issue, bank: Bank, district: District, above: UUID
) -> None:
    secret = statement(account("x"))
    assert await store(tool.client, tool.authorization, secret) == 200
    for place in (district.other_school, district.district):
        other = await issue("all", place=place, by=above)
        assert await visible(tool.client, other.authorization, secret) == [False]
        # the same id is free there, and another statement
        assert await store(tool.client, other.authorization, {**secret, "actor": account("y")}) == 200
    assert await visible(tool.client, tool.authorization, secret) == [True]
    shown = await tool.get("/statements", params={"statementId": secret["id"]})
    assert shown.json()["actor"] == account("x")


async def test_a_student_records_and_reads_what_is_their_own(
    tool: Tool, bank: Bank, district: District
) -> None:
    me, other = district.students[:2]
    client, mine = tool.client, bank.of_person(me, "all")
    own, by_tool, of_other = statement(account(me)), statement(account(me)), statement(account(other))
    assert await store(client, mine, own) == 200
    assert await store(client, mine, statement(account(other))) == 403
    assert await store(client, mine, statement(account(me)), statement({"mbox": "mailto:a@b.example"})) == 403
    assert await store(client, tool.authorization, by_tool, of_other) == 200
    assert await visible(client, mine, own, by_tool, of_other) == [True, True, False]
    assert await visible(client, bank.of_person(other, "all"), own, by_tool, of_other) == [False, False, True]
    shown = await tool.get("/statements", params={"statementId": own["id"]})
    assert shown.json()["authority"]["member"] == [
        {"objectType": "Agent", **account("web")},
        {"objectType": "Agent", **account(me)},
    ]


@pytest.mark.parametrize("role", ["administrator", "registrar", "auditor"])
async def test_who_looks_after_the_school_reads_all_of_it(
    tool: Tool, bank: Bank, district: District, database: Database, keys: KeyRing, role: str
) -> None:
    who = new_id()
    await tell_of_people(database, keys, person(who, (role, district.school)))
    one = statement(account("x"))
    assert await store(tool.client, tool.authorization, one) == 200
    assert await visible(tool.client, bank.of_person(who, "statements/read"), one) == [True]
    assert await visible(tool.client, bank.of_person(who, "statements/read/mine"), one) == [False]
    written = await store(tool.client, bank.of_person(who, "all"), statement(account("y")))
    assert written == (403 if role == "auditor" else 200)
