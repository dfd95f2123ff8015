"""Attack 77 at the token endpoints: with a store away they refuse, and never tell that a token is good."""

import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from services.auth.app import build
from tests.integration.auth.conftest import TOKEN_SECONDS, settings_of
from tests.integration.auth.places import Somebody, connection
from tests.integration.auth.tokens.grants import Application, grant, refused, tokens
from tests.integration.auth.tokens.severing import Severable


@pytest.fixture(scope="module")
async def severable(service_database: Callable[[str], ServiceStore]) -> AsyncIterator[Severable]:
    async with Severable(service_database("auth").database) as between:
        yield between


@pytest.fixture(scope="module")
async def worker(
    auth_app: FastAPI, severable: Severable, service_database: Callable[[str], ServiceStore]
) -> AsyncIterator[httpx.AsyncClient]:
    """An instance whose database can be severed."""
    settings = settings_of(service_database("auth"), database=severable.address)
    app = build(settings, background=False)
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        async with connection(app) as client:
            yield client


async def test_attack_77_postgresql_away(
    worker: httpx.AsyncClient, severable: Severable, web: Application, pupil: Somebody
) -> None:
    issued, code = await tokens(worker, web, pupil), await grant(web, pupil)
    assert (await web.introspect(worker, issued["access_token"]))["active"] is True
    header = {"Authorization": f"Bearer {issued['access_token']}"}
    severable.sever()
    try:
        for address, form in (
            ("/oauth/introspect", {"token": issued["access_token"]}),
            ("/oauth/revoke", {"token": issued["refresh_token"]}),
            ("/oauth/token", code.form()),
            ("/oauth/token", {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}),
            ("/oauth/token", {"grant_type": "client_credentials"}),
        ):
            answer = await web.ask(worker, address, **form)
            refused(answer, "temporarily_unavailable", 503)
            assert answer.headers["retry-after"]
        answer = await worker.get("/oauth/userinfo", headers=header)
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    finally:
        severable.restore()
    assert (await web.ask(worker, **code.form())).status_code == 200
    assert (await web.refresh(worker, issued["refresh_token"])).status_code == 200


async def test_attack_77_redis_away_lets_no_wrong_proof_pass(
    auth_app: FastAPI,
    service_database: Callable[[str], ServiceStore],
    web: Application,
    pupil: Somebody,
) -> None:
    """Only refusals are counted there: who proves itself needs no Redis, who does not gets nothing."""
    settings = settings_of(service_database("auth"), redis="unix:///nonexistent/redis.sock")
    app = build(settings, background=False)
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        async with connection(app) as http:
            issued = await tokens(http, web, pupil)
            assert (await web.introspect(http, issued["access_token"]))["active"] is True
            for address in ("/oauth/token", "/oauth/introspect", "/oauth/revoke"):
                form = {"grant_type": "client_credentials", "token": issued["access_token"]}
                answer = await http.post(address, data=form, auth=(web.client_id, "wrong"))
                refused(answer, "temporarily_unavailable", 503)


async def test_attack_77_a_clock_that_is_off_opens_nothing(
    http: httpx.AsyncClient, web: Application, pupil: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = await tokens(http, web, pupil)
    real = time.time
    for minutes in (TOKEN_SECONDS // 60 + 1, -10):  # the leeway is 10 s
        monkeypatch.setattr("time.time", lambda minutes=minutes: real() + 60 * minutes)
        assert await web.introspect(http, issued["access_token"]) == {"active": False}
        header = {"Authorization": f"Bearer {issued['access_token']}"}
        assert (await http.get("/oauth/userinfo", headers=header)).status_code == 401
        monkeypatch.undo()
