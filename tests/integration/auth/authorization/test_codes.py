"""Codes and waiting requests as they are kept: for one client and one use, and not for ever."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI

from services.auth.authorization import service
from services.auth.authorization.service import CodeRefused, CodeReplayed, Redeemed
from services.auth.clients.service import Client, find
from tests.integration.auth.authorization.browsing import VERIFIER, Browser, query_of, request_of
from tests.integration.auth.places import Somebody
from tests.integration.auth.tokens.grants import REDIRECT, Application


async def known(app: FastAPI, application: Application) -> Client:
    client = await find(app.state.clients, application.client_id)
    assert client is not None
    return client


async def redeem(app: FastAPI, client: Client, code: str, **changes: object) -> Redeemed:
    arguments = {
        "redirect_uri": REDIRECT,
        "verifier": VERIFIER,
        "now": datetime.now(UTC),
    } | changes
    async with app.state.database.transaction() as session:
        return await service.redeem(session, client, code=code, **arguments)  # type: ignore[arg-type]


async def test_a_redeemed_code_gives_what_was_granted(
    auth_app: FastAPI, browser: Browser, trusted: Application, learner: Somebody
) -> None:
    wish = {"scope": "openid spaces.read", "claims": '{"userinfo": {"name": null}}'}
    code = query_of(await browser.authorize(trusted, **wish))["code"]
    grant = await redeem(auth_app, await known(auth_app, trusted), code)
    assert (grant.person_id, grant.session_id) == (learner.id, browser.session)
    assert grant.scopes == {"openid", "spaces.read"}
    assert grant.audiences == ("urn:xuebu:auth", "urn:xuebu:spaces")
    assert (grant.nonce, grant.claims, grant.methods) == (
        "some nonce",
        {"userinfo": {"name": None}},
        ("pwd",),
    )
    assert timedelta(minutes=4) < datetime.now(UTC) - grant.authenticated_at < timedelta(minutes=6)


async def test_fapi_a_code_is_bound_to_its_client(
    auth_app: FastAPI, browser: Browser, trusted: Application, native: Application
) -> None:
    code = query_of(await browser.authorize(trusted))["code"]
    own, others = await known(auth_app, trusted), await known(auth_app, native)
    attempts: list[tuple[Client, dict[str, object]]] = [
        (others, {}),
        (own, {"verifier": "w" * 43}),
        (own, {"verifier": None}),
        (own, {"verifier": "short"}),
        (own, {"redirect_uri": f"{REDIRECT}/"}),
        (own, {"redirect_uri": None}),
        (own, {"now": datetime.now(UTC) + timedelta(seconds=61)}),
    ]
    for client, changes in attempts:
        with pytest.raises(CodeRefused) as refused:
            await redeem(auth_app, client, code, **changes)
        assert not isinstance(refused.value, CodeReplayed)
    for nonsense in ("", "x", code[:-1], code + "x", code.swapcase(), "\x00" * 43):
        with pytest.raises(CodeRefused):
            await redeem(auth_app, own, nonsense)
    assert isinstance(await redeem(auth_app, own, code), Redeemed)  # nothing of that used it up


async def test_attack_28_of_eight_at_the_same_time_one_redeems_and_the_others_learn_the_family(
    auth_app: FastAPI, browser: Browser, trusted: Application
) -> None:
    code = query_of(await browser.authorize(trusted))["code"]
    client = await known(auth_app, trusted)
    answers = await asyncio.gather(
        *(redeem(auth_app, client, code) for _ in range(8)), return_exceptions=True
    )
    (winner,) = [one for one in answers if isinstance(one, Redeemed)]
    replayed = [one.family_id for one in answers if isinstance(one, CodeReplayed)]
    assert replayed == [winner.family_id] * 7


async def test_attack_76_codes_are_kept_as_digests_and_cookies_of_browsers_too(
    auth_app: FastAPI, browser: Browser, stranger: Browser, trusted: Application
) -> None:
    code = query_of(await browser.authorize(trusted))["code"]
    waiting = UUID(request_of(await stranger.authorize(trusted), "/sign-in"))
    pool = auth_app.state.database.pool
    digest = hashlib.sha256(code.encode()).digest()
    row = await pool.fetchrow("select * from authorization_code where digest = $1", digest)
    assert code not in str(dict(row))
    assert row["expires_at"] - row["created_at"] == timedelta(seconds=60)
    kept = await pool.fetchrow("select * from authorization_request where id = $1", waiting)
    assert kept["browser_digest"] == hashlib.sha256(stranger.secret.encode()).digest()
    assert stranger.secret not in str(dict(kept))


async def test_what_is_long_over_is_cleared_away_by_what_comes(
    auth_app: FastAPI, browser: Browser, stranger: Browser, trusted: Application
) -> None:
    pool = auth_app.state.database.pool
    old_request = UUID(request_of(await stranger.authorize(trusted), "/sign-in"))
    code = query_of(await browser.authorize(trusted))["code"]
    digest = hashlib.sha256(code.encode()).digest()
    await pool.execute(
        "update authorization_request set expires_at = '2020-01-01' where id = $1", old_request
    )
    await pool.execute("update authorization_code set expires_at = '2020-01-01' where digest = $1", digest)
    await stranger.authorize(trusted)
    await browser.authorize(trusted)
    assert not await pool.fetchval(
        "select exists (select from authorization_request where id = $1)", old_request
    )
    assert not await pool.fetchval("select exists (select from authorization_code where digest = $1)", digest)
