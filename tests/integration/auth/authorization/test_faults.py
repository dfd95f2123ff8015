"""Attack 77 at the authorization endpoint: with a store away nobody is granted anything, and it is a page."""

from collections.abc import Callable

from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from services.auth.app import build
from tests.integration.auth.authorization.browsing import Browser, query_of, shown
from tests.integration.auth.conftest import settings_of
from tests.integration.auth.places import Somebody
from tests.integration.auth.tokens.grants import Application
from tests.integration.auth.tokens.severing import Severable


async def test_attack_77_postgresql_away(
    auth_app: FastAPI,
    service_database: Callable[[str], ServiceStore],
    trusted: Application,
    learner: Somebody,
) -> None:
    store = service_database("auth")
    async with Severable(store.database) as between:
        app = build(settings_of(store, database=between.address), background=False)
        async with app.router.lifespan_context(app):
            browser = Browser(app)
            await browser.sign_in(learner.id)
            between.sever()
            try:
                for answer in (
                    await browser.authorize(trusted),
                    await browser.authorize(trusted, prompt="none"),
                    await browser.http.get("/oauth/logout"),
                ):
                    shown(answer, 503)
                    assert answer.headers["retry-after"]
            finally:
                between.restore()
            assert "code" in query_of(await browser.authorize(trusted))


async def test_attack_77_redis_away_grants_what_needs_no_counting_and_refuses_the_rest(
    auth_app: FastAPI,
    service_database: Callable[[str], ServiceStore],
    trusted: Application,
    learner: Somebody,
) -> None:
    settings = settings_of(service_database("auth"), redis="unix:///nonexistent/redis.sock")
    app = build(settings, background=False)
    async with app.router.lifespan_context(app):
        browser = Browser(app)
        await browser.sign_in(learner.id)
        assert "code" in query_of(await browser.authorize(trusted, prompt="none"))
        shown(await browser.authorize(trusted, redirect_uri="https://elsewhere.example/"), 503)
