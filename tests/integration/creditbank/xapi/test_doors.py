"""Doors by token: machines of an organisation, and people who sign in by an application (4.0, 4.2)."""

import asyncio
import json
from dataclasses import replace
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from libs.common.database import Database
from libs.common.identity import Identity
from libs.common.ids import new_id
from libs.common.problems import Unauthorized
from libs.common.tasks import end
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import AUDIENCE, CreditbankSettings
from services.creditbank.xapi.credentials.doorkeeper import Doors
from services.creditbank.xapi.protocol.doors import Door
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, person, tell_of_people
from tests.integration.creditbank.xapi.conftest import Tool
from tests.issuer import Issuer, bearer

ISSUER = "http://127.0.0.1:8001"


@pytest.fixture
def doors(app: FastAPI) -> Doors:
    found: Doors = app.state.doorkeeper
    return found


async def opened(doors: Doors, token: str) -> Door:
    return await doors.open(f"Bearer {token}")


async def state(
    client: httpx.AsyncClient,
    method: str,
    headers: dict[str, str],
    agent: object,
    path: str = "activities/state",
) -> int:
    """What is answered who reads or writes the state (or the profile) of an agent."""
    parameters = {"activityId": "http://example.com/a", "agent": json.dumps(agent), "stateId": "s"}
    if path == "agents/profile":
        parameters = {"agent": json.dumps(agent), "profileId": "p"}
    if path == "activities/profile":
        parameters = {"activityId": "http://example.com/a", "profileId": "p"}
    answer = await client.request(
        method,
        f"/xapi/{path}",
        params=parameters,
        headers={"X-Experience-API-Version": "1.0.3", "If-None-Match": "x", **headers},
        content=b"x",
    )
    return answer.status_code


def account(name: object) -> dict[str, object]:
    return {"account": {"homePage": ISSUER, "name": str(name)}}


async def test_a_machine_s_token_opens_the_store_of_its_organisation(
    doors: Doors, issuer: Issuer, district: District
) -> None:
    door = await opened(doors, issuer.client(district.school, AUDIENCE, "statements/write profile"))
    assert door.organisation == district.school
    assert door.permissions == {"statements/write", "profile", "profile/read"}
    assert door.own is None
    authority = json.loads(door.authority)
    assert authority["objectType"] == "Agent"
    assert authority["account"]["homePage"] == ISSUER
    assert door.authority_key == f"account {ISSUER} {authority['account']['name']}"


async def test_the_platform_s_own_clients_have_no_store(bank: Bank, client: httpx.AsyncClient) -> None:
    headers = bearer(bank.issuer.client(None, AUDIENCE, "all"))
    assert await state(client, "GET", headers, account("x")) == 403


async def test_a_token_for_another_service_opens_nothing(bank: Bank, client: httpx.AsyncClient) -> None:
    headers = bearer(bank.issuer.client(new_id(), "urn:xuebu:spaces", "all"))
    assert await state(client, "GET", headers, account("x")) == 401


async def test_a_tool_and_a_machine_of_one_organisation_share_its_store_and_no_other(
    bank: Bank, tool: Tool, district: District
) -> None:
    who = account(uuid4())
    mine = bank.of_client(district.school, "state")
    assert await state(tool.client, "PUT", tool.authorization, who) == 204
    assert await state(tool.client, "GET", mine, who) == 200
    for place in (district.other_school, district.district, district.region):
        assert await state(tool.client, "GET", bank.of_client(place, "all"), who) == 404


async def test_a_student_speaks_of_their_own_account_only(
    bank: Bank, client: httpx.AsyncClient, district: District, doors: Doors, issuer: Issuer
) -> None:
    me, other = district.students[:2]
    headers = bank.of_person(me, "all")
    for path in ("activities/state", "agents/profile"):
        assert await state(client, "PUT", headers, account(me), path) == 204
        assert await state(client, "GET", headers, account(me), path) == 200
        assert await state(client, "PUT", headers, account(other), path) == 403
        assert await state(client, "GET", headers, account(other), path) == 403
        assert await state(client, "DELETE", headers, {"mbox": "mailto:a@b.example"}, path) == 403
    assert await state(client, "PUT", headers, None, "activities/profile") == 403
    assert await state(client, "GET", headers, None, "activities/profile") == 404
    door = await opened(doors, issuer.person(me, AUDIENCE, "all", client_id="player"))
    assert door.organisation == district.school
    assert not door.has("statements/read", "define")
    assert door.has("statements/read/mine")
    assert door.own == f"account {ISSUER} {me}"
    group = json.loads(door.authority)
    assert group == {
        "objectType": "Group",
        "member": [
            {"objectType": "Agent", **account("player")},
            {"objectType": "Agent", **account(me)},
        ],
    }


async def test_scopes_and_roles_each_limit_the_other(
    doors: Doors, issuer: Issuer, database: Database, keys: KeyRing, district: District
) -> None:
    administrator, registrar, auditor, teacher = (new_id() for _ in range(4))
    await tell_of_people(
        database,
        keys,
        person(administrator, ("administrator", district.school)),
        person(registrar, ("registrar", district.school)),
        person(auditor, ("auditor", district.school)),
        person(teacher, ("teacher", district.school)),
    )
    for who in (administrator, registrar):
        door = await opened(doors, issuer.person(who, AUDIENCE, "statements/read define"))
        assert door.permissions == {"statements/read", "statements/read/mine", "define"}
        assert door.own is None
    door = await opened(doors, issuer.person(auditor, AUDIENCE, "all"))
    assert door.permissions == {"statements/read", "statements/read/mine", "state/read", "profile/read"}
    assert door.own is None
    door = await opened(doors, issuer.person(teacher, AUDIENCE, "all"))
    assert door.own == f"account {ISSUER} {teacher}"


async def test_profile_in_a_person_s_token_is_openid_s(
    bank: Bank, client: httpx.AsyncClient, district: District
) -> None:
    me = district.students[0]
    headers = bank.of_person(me, "openid profile state")
    assert await state(client, "GET", headers, account(me), "agents/profile") == 403
    assert await state(client, "GET", headers, account(me)) == 404


async def test_the_active_role_says_where_a_person_acts_if_the_bank_knows_of_it(
    doors: Doors, issuer: Issuer, database: Database, keys: KeyRing, district: District
) -> None:
    who, nobody = new_id(), new_id()
    await tell_of_people(
        database, keys, person(who, ("teacher", district.school), ("teacher", district.other_school))
    )

    async def place(whom: UUID, *role: UUID) -> UUID | str:
        claims = {"role": {"role": "administrator", "organisation": str(role[0])}} if role else {}
        answer = await opened_or_refused(doors, issuer.person(whom, AUDIENCE, "all", **claims))
        return answer if isinstance(answer, str) else answer.organisation

    assert await place(who, district.school) == district.school
    assert await place(who, district.other_school) == district.other_school
    assert await place(who) == "record-place-unknown"
    assert await place(who, district.district) == "record-place-unknown"
    assert await place(nobody) == "record-place-unknown"
    assert await place(nobody, district.school) == "record-place-unknown"
    # the role in the token grants nothing by itself
    claims = {"role": {"role": "administrator", "organisation": str(district.school)}}
    door = await opened(doors, issuer.person(who, AUDIENCE, "all", **claims))
    assert door.own is not None


async def opened_or_refused(doors: Doors, token: str) -> Door | str:
    try:
        return await opened(doors, token)
    except Exception as refused:
        slug: str = getattr(refused, "slug", "")
        return slug


async def test_a_revocation_between_question_and_answer_is_not_overseen(
    tool: Tool, doors: Doors, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read before a revocation is not remembered after it."""
    from services.creditbank.xapi.credentials import repository

    asked = repository.working
    calls = 0

    async def slowly(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        found = await asked(*arguments)  # type: ignore[arg-type]
        if calls == 1:
            identifier = UUID(tool.credential["id"])
            query = "update xapi_credential set revoked_at = now() where id = $1"
            await database.pool.execute(query, identifier)
            doors.forget(identifier)
        return found

    monkeypatch.setattr(repository, "working", slowly)
    assert (await tool.get("/activities?activityId=http://example.com/a")).status_code == 401
    assert calls == 2


async def test_another_process_hears_of_a_revocation_at_once(
    tool: Tool, app: FastAPI, bank: Bank, administrator: UUID, settings: CreditbankSettings
) -> None:
    """What it remembers is made to last for ever meanwhile, so that only the news can end it."""
    state, channel = app.state, f"{settings.redis_prefix}xapi:revoked"
    other = Doors(
        state.database, state.identity, state.redis, prefix=settings.redis_prefix, home="h", issuer="i"
    )
    authorization = tool.authorization["Authorization"]
    proof = authorization.partition(" ")[2]
    listening = asyncio.create_task(other.listen())
    try:
        async with asyncio.timeout(60):
            while await state.redis.pubsub_numsub(channel) != [(channel.encode(), 1)]:
                await asyncio.sleep(0.01)
            await other.open(authorization)
            other._by_proof[proof] = replace(other._by_proof[proof], until=float("inf"))
            headers = bank.of_person(administrator, "credits.read credits.write")
            address = f"/v1/xapi-credentials/{tool.credential['id']}"
            assert (await tool.client.delete(address, headers=headers)).status_code == 200
            while proof in other._by_proof:
                await asyncio.sleep(0.01)
        with pytest.raises(Unauthorized):
            await other.open(authorization)
    finally:
        await end(listening)


async def test_requests_by_credential_are_counted_as_those_by_token(
    tool: Tool, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity: Identity = app.state.identity
    monkeypatch.setattr(identity._limit, "_per_minute", 2)
    answers = [await tool.get("/activities?activityId=http://example.com/a") for _ in range(4)]
    assert [one.status_code for one in answers][-1] == 429
    assert int(answers[-1].headers["retry-after"]) <= 60


async def test_a_larger_body_is_taken_from_known_senders_only(
    tool: Tool, bank: Bank, district: District
) -> None:
    large, headers = b"x" * 2_000_000, {"X-Experience-API-Version": "1.0.3", "If-None-Match": "*"}
    path = "/xapi/activities/profile?activityId=http://example.com/l&profileId="

    async def sent(name: str, proof: dict[str, str]) -> int:
        return (await tool.client.put(path + name, content=large, headers={**headers, **proof})).status_code

    assert await sent("a", tool.authorization) == 204
    assert await sent("b", bank.of_client(district.school, "profile")) == 204
    assert await sent("c", {}) == 401
    assert await sent("d", {"Authorization": "Basic Zm9vOmJhcg=="}) == 401
