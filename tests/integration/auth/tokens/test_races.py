"""What ends a family and what turns it, at one moment in two workers: the end has the last word."""

import asyncio

import httpx
import pytest

from tests.integration.auth.places import Somebody
from tests.integration.auth.tokens.grants import Application, grant, refused, tokens

INACTIVE = {"active": False}


async def all_dead(
    http: httpx.AsyncClient, web: Application, before: dict[str, str], refreshed: httpx.Response
) -> None:
    """Neither the tokens of before nor those of a refresh that came in between are worth anything."""
    given = [before, refreshed.json()] if refreshed.status_code == 200 else [before]
    for issued in given:
        assert await web.introspect(http, issued["access_token"]) == INACTIVE
        refused(await web.refresh(http, issued["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("attempt", range(5))
async def test_a_refresh_and_a_revocation(
    http: httpx.AsyncClient, other_worker: httpx.AsyncClient, web: Application, pupil: Somebody, attempt: int
) -> None:
    issued = await tokens(http, web, pupil)
    refreshed, revoked = await asyncio.gather(
        web.refresh(http, issued["refresh_token"]),
        web.ask(other_worker, "/oauth/revoke", token=issued["refresh_token"]),
    )
    assert revoked.status_code == 200
    await all_dead(http, web, issued, refreshed)


@pytest.mark.parametrize("attempt", range(5))
async def test_a_refresh_and_the_replay_of_its_predecessor(
    http: httpx.AsyncClient, other_worker: httpx.AsyncClient, web: Application, pupil: Somebody, attempt: int
) -> None:
    first = await tokens(http, web, pupil)
    second = (await web.refresh(http, first["refresh_token"])).json()
    refreshed, replayed = await asyncio.gather(
        web.refresh(http, second["refresh_token"]), web.refresh(other_worker, first["refresh_token"])
    )
    refused(replayed, "invalid_grant")
    await all_dead(http, web, second, refreshed)


async def test_a_code_replayed_while_its_tokens_are_refreshed(
    http: httpx.AsyncClient, other_worker: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    for _ in range(3):
        code = await grant(web, pupil)
        issued = (await web.ask(http, **code.form())).json()
        refreshed, replayed = await asyncio.gather(
            web.refresh(http, issued["refresh_token"]), web.ask(other_worker, **code.form())
        )
        refused(replayed, "invalid_grant")
        await all_dead(http, web, issued, refreshed)
