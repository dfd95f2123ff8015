"""Doors: basic credentials of an organisation, given out by its administrators (4.0)."""

import base64
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import (
    District,
    organisation,
    person,
    tell_of_organisations,
    tell_of_people,
)
from tests.integration.creditbank.xapi.conftest import ADMINISTERS, CREDENTIALS, Issue, Tool, basic

ANYWHERE = "/activities?activityId=http://example.com/a"


async def test_a_credential_opens_the_door_and_its_password_is_kept_as_a_digest(
    tool: Tool, database: Database
) -> None:
    assert (await tool.get(ANYWHERE)).status_code == 200
    row = await database.pool.fetchrow(
        "select c::text as whole from xapi_credential c where id = $1", UUID(tool.credential["id"])
    )
    assert row is not None
    assert tool.credential["password"] not in row["whole"]
    assert tool.credential["password"] not in (await _listed(tool))


async def _listed(tool: Tool) -> str:
    return (await tool.client.get(CREDENTIALS, params={"organisation": tool.credential["organisation"]})).text


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic ",
        "Basic:Zm9vOmJhcg==",
        "Basic Zm9vOmJhcg==",
        "Basic Zm9vYmFy",
        "Basic ***",
        "Basic /w==",
        "Basic AAA6YQ==",
        "Basic Og==",
        "Bearer nothing",
        "Digest x",
    ],
)
async def test_communication_4_0_other_credentials_are_refused_with_401(
    client: httpx.AsyncClient, authorization: str
) -> None:
    headers = {"Authorization": authorization, "X-Experience-API-Version": "1.0.3"}
    answer = await client.get(f"/xapi{ANYWHERE}", headers=headers)
    assert answer.status_code == 401
    assert "Basic realm=" in answer.headers["www-authenticate"]
    assert "Bearer" in answer.headers["www-authenticate"]


async def test_a_wrong_password_is_refused_beside_the_right_one(tool: Tool) -> None:
    for password in ("", "wrong", tool.credential["password"] + "x"):
        for _ in range(2):
            refused = await tool.get(ANYWHERE, headers=basic(tool.credential["username"], password))
            assert refused.status_code == 401
        assert (await tool.get(ANYWHERE)).status_code == 200


async def test_a_token_s_own_id_is_no_basic_credential(bank: Bank, tool: Tool, district: District) -> None:
    """What is remembered of tokens and of credentials is kept apart."""
    token_id = "Zm9vOmJhcg=="
    token = bank.issuer.client(district.school, "urn:xuebu:creditbank", "all", jti=token_id)
    assert (await tool.get(ANYWHERE, headers={"Authorization": f"Bearer {token}"})).status_code == 200
    assert (await tool.get(ANYWHERE, headers={"Authorization": f"Basic {token_id}"})).status_code == 401


async def test_a_revoked_credential_is_refused_at_once(bank: Bank, tool: Tool, administrator: UUID) -> None:
    assert (await tool.get(ANYWHERE)).status_code == 200
    address = f"{CREDENTIALS}/{tool.credential['id']}"
    for _ in range(2):  # a second time changes nothing
        revoked = await tool.client.delete(address, headers=bank.of_person(administrator, ADMINISTERS))
        assert revoked.status_code == 200
        assert [one["act"] for one in revoked.json()["changes"]] == ["issued", "revoked"]
        assert revoked.json()["changes"][1]["by"] == str(administrator)
        assert (await tool.get(ANYWHERE)).status_code == 401


async def test_another_process_notices_a_revocation_within_a_second(
    tool: Tool, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is moved: what was remembered is looked up again after a second."""
    assert (await tool.get(ANYWHERE)).status_code == 200
    await database.pool.execute(
        "update xapi_credential set revoked_at = now() where id = $1", UUID(tool.credential["id"])
    )
    later = time.monotonic() + 1.01
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert (await tool.get(ANYWHERE)).status_code == 401


async def test_an_expired_credential_and_one_of_a_closed_organisation_are_refused(
    issue: Issue,
    database: Database,
    store: ServiceStore,
    bank: Bank,
    administrator: UUID,
    district: District,
) -> None:
    over = await issue("all", expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    owner = await asyncpg.connect(store.migrations_database)
    await owner.execute(
        "update xapi_credential set expires_at = now() where id = $1", UUID(over.credential["id"])
    )
    await owner.close()
    assert (await over.get(ANYWHERE)).status_code == 401
    soon = await issue("all", expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    closed = organisation(district.school, [district.region, district.district], version=2, status="closed")
    await tell_of_organisations(database, closed)
    assert (await soon.get(ANYWHERE)).status_code == 401
    body = {"organisation": str(district.school), "name": "x"}
    headers = bank.of_person(administrator, ADMINISTERS)
    assert (await soon.client.post(CREDENTIALS, json=body, headers=headers)).status_code == 404


async def test_only_administrators_of_the_place_or_above_issue_list_and_revoke(
    bank: Bank, client: httpx.AsyncClient, district: District, database: Database, keys: KeyRing, tool: Tool
) -> None:
    above, elsewhere, registrar = new_id(), new_id(), new_id()
    await tell_of_people(
        database,
        keys,
        person(above, ("administrator", district.district)),
        person(elsewhere, ("administrator", district.other_school)),
        person(registrar, ("registrar", district.school)),
    )
    expected = {above: 201, registrar: 403, elsewhere: 404, district.students[0]: 404, new_id(): 404}
    for who, status in expected.items():
        headers = bank.of_person(who, ADMINISTERS)
        body = {"organisation": str(district.school), "name": "x"}
        assert (await client.post(CREDENTIALS, json=body, headers=headers)).status_code == status
        query = {"organisation": str(district.school)}
        listed = await client.get(CREDENTIALS, params=query, headers=headers)
        assert listed.status_code == (200 if status == 201 else status)
        address = f"{CREDENTIALS}/{tool.credential['id']}"
        ended = await client.delete(address, headers=headers)
        assert ended.status_code == (200 if status == 201 else status)
    headers = bank.of_client(district.school, ADMINISTERS)
    assert (await client.post(CREDENTIALS, json=body, headers=headers)).status_code == 403
    headers = bank.of_person(above, "credits.read")
    assert (await client.get(CREDENTIALS, params=query, headers=headers)).status_code == 403


async def test_the_list_is_paged_newest_first(bank: Bank, issue: Issue, administrator: UUID) -> None:
    tools = [await issue("all") for _ in range(3)]
    query: dict[str, str] = {"organisation": tools[0].credential["organisation"], "limit": "2"}
    headers = bank.of_person(administrator, ADMINISTERS)
    first = (await tools[0].client.get(CREDENTIALS, params=query, headers=headers)).json()
    then = await tools[0].client.get(CREDENTIALS, params={**query, "cursor": first["next"]}, headers=headers)
    found = [one["id"] for one in first["items"] + then.json()["items"]]
    assert found == [one.credential["id"] for one in reversed(tools)]
    assert then.json()["next"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": ["everything"]},
        {"scopes": []},
        {"name": ""},
        {"more": 1},
        {"expires_at": "2020-01-01T00:00:00Z"},
    ],
)
async def test_a_credential_that_cannot_be_is_refused(
    bank: Bank, client: httpx.AsyncClient, district: District, administrator: UUID, change: dict[str, object]
) -> None:
    body = {"organisation": str(district.school), "name": "x", **change}
    headers = bank.of_person(administrator, ADMINISTERS)
    assert (await client.post(CREDENTIALS, json=body, headers=headers)).status_code == 422
    assert (await client.delete(f"{CREDENTIALS}/{uuid4()}", headers=headers)).status_code == 404


async def test_many_spellings_of_a_credential_are_one(tool: Tool) -> None:
    encoded = base64.b64encode(
        f"{tool.credential['username']}:{tool.credential['password']}".encode()
    ).decode()
    for scheme in ("Basic", "basic", "BASIC"):
        assert (await tool.get(ANYWHERE, headers={"Authorization": f"{scheme} {encoded}"})).status_code == 200
