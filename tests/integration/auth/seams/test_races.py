"""What ends a person, while the person's tokens are being turned: one or the other, and never a crash."""

import asyncio
import secrets
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.auth.erasure.service import erase_due
from services.auth.sessions import service as sessions
from services.auth.sessions.service import Session
from tests.integration.auth.life.records import Records, merge
from tests.integration.auth.places import PASSWORD, Place, Somebody, can_sign_in, new_place
from tests.integration.auth.tokens.grants import Application, application, grant, tokens

OFFLINE = ("openid", "account", "offline_access")
TIMES = 6


@pytest.fixture(scope="module")
async def place(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.fixture(scope="module")
async def school(place: Place) -> UUID:
    return await place.organisation()


@pytest.fixture(scope="module")
async def web(auth_app: FastAPI) -> Application:
    return await application(auth_app, "web")


def busy(who: Somebody, http: httpx.AsyncClient, code: str) -> list[Awaitable[httpx.Response]]:
    """What somebody, and whoever has the code from the school, may be doing at the same moment."""
    change = {"current": PASSWORD, "new": "eight blue umbrellas"}
    return [
        who.http.post("/v1/me/password", json=change),
        who.http.delete("/v1/sessions/current"),
        http.post("/v1/activations", json={"code": code, "password": "nine grey umbrellas"}),
        who.http.get("/v1/me"),
        who.http.put("/v1/me/active-role", json={"role": str(who.id)}),
        who.http.get("/v1/me/applications"),
        who.http.post("/v1/me/second-factor"),
    ]


async def works(http: httpx.AsyncClient, token: str) -> bool:
    answer = await http.get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


async def test_a_merge_while_codes_are_redeemed_and_tokens_refreshed(
    place: Place, school: UUID, web: Application, http: httpx.AsyncClient
) -> None:
    for _ in range(TIMES):
        survivor, other = await place.person(school), await place.somebody(school)
        codes = [await grant(web, other, scopes=OFFLINE) for _ in range(3)]
        held = [await tokens(http, web, other, scopes=OFFLINE) for _ in range(3)]
        merging = asyncio.create_task(merge(place.admin.http, survivor, other.id))
        answers = await asyncio.gather(
            *(web.ask(http, **code.form()) for code in codes),
            *(web.refresh(http, one["refresh_token"]) for one in held),
        )
        assert (await merging).status_code == 204
        assert {answer.status_code for answer in answers} <= {200, 400}, [one.text for one in answers]
        for answer in answers:
            if answer.status_code == 200:
                assert not await works(http, answer.json()["access_token"])
                later = await web.refresh(http, answer.json()["refresh_token"])
                assert later.status_code == 400


async def test_an_erasure_while_codes_are_redeemed_and_tokens_refreshed(
    place: Place, school: UUID, web: Application, http: httpx.AsyncClient
) -> None:
    records = Records(place)
    for _ in range(TIMES):
        person = await place.somebody(school, "staff")
        codes = [await grant(web, person, scopes=OFFLINE) for _ in range(3)]
        held = [await tokens(http, web, person, scopes=OFFLINE) for _ in range(3)]
        assert (await person.http.post("/v1/me/erasure")).status_code == 202
        await records.pool.execute(
            "update erasure set due_at = now() where person_id = $1 and done_at is null", person.id
        )
        erasing = asyncio.create_task(erase_due(place.app.state.database))
        answers = await asyncio.gather(
            *(web.ask(http, **code.form()) for code in codes),
            *(web.refresh(http, one["refresh_token"]) for one in held),
        )
        await erasing
        assert {answer.status_code for answer in answers} <= {200, 400}, [one.text for one in answers]
        assert await records.count("token_family", person_id=person.id) == 0
        assert await records.count("session", person_id=person.id) == 0


@pytest.mark.parametrize("ending", ["merged", "erased", "suspended"])
async def test_an_end_while_its_person_does_everything_at_once(
    place: Place, school: UUID, http: httpx.AsyncClient, ending: str
) -> None:
    records = Records(place)
    for _ in range(TIMES):
        survivor, who = await place.person(school, "staff"), await place.somebody(school, "staff")
        issued = await place.admin.http.post(f"/v1/people/{who.id}/activation-codes", json={})
        if ending == "erased":
            assert (await who.http.post("/v1/me/erasure")).status_code == 202
            await records.pool.execute("update erasure set due_at = now() where person_id = $1", who.id)
        if ending == "merged":
            end: Awaitable[Any] = merge(place.admin.http, survivor, who.id)
        elif ending == "erased":
            end = erase_due(place.app.state.database)
        else:
            end = place.admin.http.post(f"/v1/people/{who.id}/account/suspension")
        ended, answers = await asyncio.gather(end, asyncio.gather(*busy(who, http, issued.json()["code"])))
        assert getattr(ended, "status_code", 204) == 204
        assert max(answer.status_code for answer in answers) < 500, [one.text for one in answers]
        assert (await who.http.get("/v1/me")).status_code == 401
        for password in (PASSWORD, "eight blue umbrellas", "nine grey umbrellas"):
            is_in = await can_sign_in(place.app, who.username, password)
            assert not is_in or ending == "merged", "whose password now opens the survivor's record"


@pytest.mark.parametrize("again", [False, True], ids=["new", "renewed"])
async def test_no_session_begins_while_an_account_is_suspended_or_gets_another_password(
    place: Place, school: UUID, again: bool
) -> None:
    """Whoever ends all sessions must see the one that is beginning, or it must not begin."""
    pool, who = place.app.state.database.pool, await place.somebody(school, "staff")
    stored = await pool.fetchval("select password_hash from account where person_id = $1", who.id)
    present = await by_secret(place, who) if again else None
    async with pool.acquire() as connection:
        ending = connection.transaction()
        await ending.start()
        await connection.execute(
            "update account set password_hash = 'another', password_changed_at = now() where person_id = $1",
            who.id,
        )
        if not again:
            await connection.execute("update session set ended_at = now() where person_id = $1", who.id)
        beginning = asyncio.create_task(
            sessions.start(
                pool,
                who.id,
                hours=1,
                network="10.0.0.1",
                device=None,
                stored_hash=stored,
                methods=("pwd",),
                secret=secrets.token_urlsafe(32),
                previous=present,
            )
        )
        await asyncio.wait([beginning], timeout=0.2)
        await ending.commit()
    assert await beginning is None


async def by_secret(place: Place, who: Somebody) -> Session:
    """The person's session as a browser has it."""
    secret = secrets.token_urlsafe(32)
    pool = place.app.state.database.pool
    await pool.execute(
        "update session set secret_digest = $2 where id = $1", who.session, sessions.digest_of(secret)
    )
    found = await sessions.current(pool, secret)
    assert found is not None
    return found
