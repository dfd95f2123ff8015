"""A worker or the database dies at each point of an exchange: never two winners, never a half-done one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.auth.authorization import service as authorization
from services.auth.families import service as families
from services.auth.people import service as people
from services.auth.tokens import service
from services.auth.tokens.minting import Mint
from tests.integration.auth.places import Somebody
from tests.integration.auth.tokens.grants import Application, grant, refused, tokens, works

Crash = Callable[[Any], Awaitable[None]]

# Where the exchange of a code and that of a refresh token can break off, in their order.
OF_A_CODE = [
    (authorization, "redeem"),
    (families, "start"),
    (people, "active_role"),
    (Mint, "for_family"),
    (Mint, "id_token"),
    (service, "remember"),
]
OF_A_REFRESH = [
    (families, "turn"),
    (people, "active_role"),
    (Mint, "for_family"),
    (Mint, "id_token"),
]


def _name(place: object) -> str:
    return str(getattr(place, "__name__", place)).rpartition(".")[2]


@pytest.fixture
def break_off(
    auth_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> Callable[[tuple[Any, str], str], Callable[[], None]]:
    """Lets the step at a place be done, and then its worker or its database connection die.

    Gives the repair.
    """

    async def end_of_connections() -> None:
        await auth_app.state.database.pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in%'"
        )

    def arrange(place: tuple[Any, str], who: str) -> Callable[[], None]:
        real = getattr(*place)

        if asyncio.iscoroutinefunction(real):

            async def step(*arguments: Any, **named: Any) -> Any:
                result = await real(*arguments, **named)
                if who == "worker":
                    raise asyncio.CancelledError
                await end_of_connections()
                return result

        else:

            def step(*arguments: Any, **named: Any) -> Any:  # type: ignore[misc]
                real(*arguments, **named)
                raise asyncio.CancelledError if who == "worker" else ConnectionResetError

        monkeypatch.setattr(*place, step)
        return monkeypatch.undo

    return arrange


async def attempt(asked: Awaitable[httpx.Response]) -> httpx.Response | None:
    """The answer, or None if the worker died before it."""
    try:
        return await asked
    except asyncio.CancelledError:
        return None


@pytest.mark.parametrize("who", ["worker", "database"])
@pytest.mark.parametrize("place", OF_A_CODE, ids=lambda place: f"{_name(place[0])}.{place[1]}")
async def test_a_crash_while_a_code_is_redeemed(
    http: httpx.AsyncClient,
    web: Application,
    pupil: Somebody,
    break_off: Callable[[tuple[Any, str], str], Callable[[], None]],
    place: tuple[Any, str],
    who: str,
) -> None:
    code = await grant(web, pupil)
    repair = break_off(place, who)
    answer = await attempt(web.ask(http, **code.form()))
    repair()
    if who == "database":
        assert answer is not None
        refused(answer, "temporarily_unavailable", 503)
        assert answer.headers["retry-after"]
    else:
        assert answer is None
    again = await web.ask(http, **code.form())  # nothing had happened
    assert again.status_code == 200, again.text
    refused(await web.ask(http, **code.form()), "invalid_grant")


@pytest.mark.parametrize("who", ["worker", "database"])
@pytest.mark.parametrize("place", OF_A_REFRESH, ids=lambda place: f"{_name(place[0])}.{place[1]}")
async def test_a_crash_while_a_refresh_token_is_turned(
    http: httpx.AsyncClient,
    web: Application,
    pupil: Somebody,
    break_off: Callable[[tuple[Any, str], str], Callable[[], None]],
    place: tuple[Any, str],
    who: str,
) -> None:
    issued = await tokens(http, web, pupil)
    repair = break_off(place, who)
    answer = await attempt(web.refresh(http, issued["refresh_token"]))
    repair()
    assert (answer is None) == (who == "worker")
    if answer is not None:
        refused(answer, "temporarily_unavailable", 503)
    again = await web.refresh(http, issued["refresh_token"])
    assert again.status_code == 200, again.text
    assert await works(http, again.json()["access_token"])
    refused(await web.refresh(http, issued["refresh_token"]), "invalid_grant")
    assert not await works(http, again.json()["access_token"])


@pytest.mark.parametrize("kind", ["code", "refresh"])
async def test_a_crash_after_the_commit_leaves_no_winner(
    http: httpx.AsyncClient,
    web: Application,
    pupil: Somebody,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """The tokens were made but nobody has them; who comes again looks like a thief, and nobody wins."""
    code = await grant(web, pupil)
    form = code.form()
    if kind == "refresh":
        first = (await web.ask(http, **form)).json()
        form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    lost: list[Any] = []

    def die(issued: Any) -> None:
        lost.append(issued)
        raise asyncio.CancelledError

    monkeypatch.setattr("services.auth.tokens.routes._answer", die)
    assert await attempt(web.ask(http, **form)) is None
    monkeypatch.undo()
    assert await works(http, lost[0].access_token)
    refused(await web.ask(http, **form), "invalid_grant")
    assert not await works(http, lost[0].access_token)
    refused(await web.refresh(http, lost[0].refresh_token), "invalid_grant")


async def test_a_crash_while_a_replay_is_answered_is_made_good_by_the_next(
    http: httpx.AsyncClient,
    web: Application,
    pupil: Somebody,
    break_off: Callable[[tuple[Any, str], str], Callable[[], None]],
) -> None:
    first = await tokens(http, web, pupil)
    second = (await web.refresh(http, first["refresh_token"])).json()
    repair = break_off((families, "end"), "database")
    refused(await web.refresh(http, first["refresh_token"]), "temporarily_unavailable", 503)
    repair()
    refused(await web.refresh(http, first["refresh_token"]), "invalid_grant")
    refused(await web.refresh(http, second["refresh_token"]), "invalid_grant")
