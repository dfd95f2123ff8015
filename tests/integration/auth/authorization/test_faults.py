"""Attack 77 at the authorization endpoint: with a store away nobody is granted anything, and it is a page."""

from collections.abc import Callable
from hashlib import blake2b

from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from services.auth.app import build
from services.auth.authorization.counting import MOST_WAITING
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


async def test_a_flood_of_one_network_is_not_kept(auth_app: FastAPI, trusted: Application) -> None:
    stranger = Browser(auth_app)
    assert (await stranger.authorize(trusted)).status_code == 303
    host = stranger.http._transport.client[0]  # type: ignore[attr-defined]
    prefix = auth_app.state.settings.redis_prefix
    place = blake2b(host.encode(), digest_size=16).hexdigest()
    assert await auth_app.state.redis.set(
        f"{prefix}authorization-requests:{place}", MOST_WAITING, keepttl=True, xx=True
    )
    refused = await stranger.authorize(trusted)
    shown(refused, 429)
    assert refused.headers["retry-after"] == "600"
    assert query_of(await stranger.authorize(trusted, prompt="none"))["error"] == "login_required"
    assert (await Browser(auth_app).authorize(trusted)).status_code == 303  # from elsewhere
