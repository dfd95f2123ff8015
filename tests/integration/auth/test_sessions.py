"""One's own sessions, and what signing in does to a hash that another system made."""

import pytest
from fastapi import FastAPI

from services.auth.passwords import hashing
from services.auth.sessions import service as sessions
from tests.integration.auth.places import PASSWORD, Place, Somebody, can_sign_in, sign_in


@pytest.fixture
async def pupil(here: Place) -> Somebody:
    return await here.somebody(await here.organisation())


async def test_an_imported_hash_is_replaced_at_sign_in(auth_app: FastAPI, pupil: Somebody) -> None:
    pool = auth_app.state.database.pool
    imported = hashing._CONTEXT.handler("pbkdf2_sha256").using(rounds=1000).hash(PASSWORD)
    change = "update account set password_hash = $2 where person_id = $1"
    await pool.execute(change, pupil.id, imported)
    assert not await can_sign_in(auth_app, pupil.username, "nine purple lanterns")
    read = "select password_hash from account where person_id = $1"
    assert await pool.fetchval(read, pupil.id) == imported
    await sign_in(auth_app, pupil.username, PASSWORD)
    assert (await pool.fetchval(read, pupil.id)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await sign_in(auth_app, pupil.username, PASSWORD)


async def test_sessions_are_listed_and_ended_by_their_owner_only(
    auth_app: FastAPI, here: Place, pupil: Somebody
) -> None:
    other = await here.somebody(here.root)
    second = await sign_in(auth_app, pupil.username, PASSWORD)
    listed = (await pupil.http.get("/v1/sessions")).json()["items"]
    assert [one["current"] for one in listed] == [False, True]
    assert (await other.http.delete(f"/v1/sessions/{second.session}")).status_code == 404
    assert (await pupil.http.delete(f"/v1/sessions/{second.session}")).status_code == 204
    assert (await pupil.http.delete(f"/v1/sessions/{second.session}")).status_code == 404
    assert (await pupil.http.delete("/v1/sessions/current")).status_code == 204
    assert (await pupil.http.get("/v1/sessions")).status_code == 401, "its token ended with it"


async def test_no_password_is_taken_but_by_the_page(here: Place, pupil: Somebody) -> None:
    """Neither the password grant (RFC 9700, section 2.4) nor a way of our own beside it."""
    body = {"username": pupil.username, "password": PASSWORD}
    assert (await here.admin.http.post("/v1/sessions", json=body)).status_code == 405
    form = {"grant_type": "password", **body}
    answer = await here.admin.http.post("/oauth/token", data=form, headers={"Authorization": ""})
    assert answer.status_code in (400, 401)
    assert "access_token" not in answer.text


async def test_sessions_long_over_are_forgotten(here: Place) -> None:
    pool, who = here.app.state.database.pool, await here.somebody(here.root, "staff")
    await pool.execute("update session set ended_at = now(), expires_at = now() where id = $1", who.session)
    count = "select count(*) from session where id = $1"
    await sessions.forget_long_over(pool)
    assert await pool.fetchval(count, who.session) == 1
    await pool.execute(
        "update session set expires_at = now() - interval '61 days' where id = $1", who.session
    )
    await sessions.forget_long_over(pool)
    assert await pool.fetchval(count, who.session) == 1, "what began in it is still known"
    families = "select id from token_family where session_id = $1"
    await pool.execute(f"delete from refresh_token where family_id in ({families})", who.session)
    await pool.execute("delete from token_family where session_id = $1", who.session)
    await pool.execute("delete from authorization_code where session_id = $1", who.session)
    await sessions.forget_long_over(pool)
    assert await pool.fetchval(count, who.session) == 0
