"""What nobody can use any more is forgotten in passing, and nothing else is."""

from uuid import UUID

import httpx
from fastapi import FastAPI

from tests.integration.auth.places import Somebody
from tests.integration.auth.tokens.grants import DEFAULT, Application, claims_of, refused, tokens


async def test_families_are_forgotten_a_week_after_their_end(
    auth_app: FastAPI, http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    pool = auth_app.state.database.pool
    issued = [await tokens(http, web, pupil) for _ in range(2)]
    old, recent = (UUID(claims_of(web, one["access_token"]).members["family"]) for one in issued)
    for family, days in ((old, 8), (recent, 6)):
        await pool.execute(
            "update token_family set expires_at = now() - make_interval(days => $2) where id = $1",
            family,
            days,
        )
    await tokens(http, web, pupil)
    kept = await pool.fetch("select id from token_family where id = any($1::uuid[])", [old, recent])
    assert [row["id"] for row in kept] == [recent]
    assert await pool.fetchval("select count(*) from refresh_token where family_id = $1", old) == 0


async def test_used_tokens_are_known_again_for_as_long_as_they_would_live(
    auth_app: FastAPI, http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    pool = auth_app.state.database.pool
    first = await tokens(http, web, pupil, scopes=(*DEFAULT, "offline_access"))
    family = UUID(claims_of(web, first["access_token"]).members["family"])
    second = (await web.refresh(http, first["refresh_token"])).json()
    await pool.execute(
        "update refresh_token set expires_at = now() where family_id = $1 and used_at is not null", family
    )
    third = (await web.refresh(http, second["refresh_token"])).json()
    assert await pool.fetchval("select count(*) from refresh_token where family_id = $1", family) == 2
    refused(await web.refresh(http, second["refresh_token"]), "invalid_grant")
    refused(await web.refresh(http, third["refresh_token"]), "invalid_grant")
