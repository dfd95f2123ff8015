"""Signing in to an application through a real browser: sign-in, consent, choosing an account, signing out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.browser.conftest import Site, Visitor
from tests.browser.test_account_pages import LOOKS, examine
from tests.integration.auth.authorization.browsing import VERIFIER, parameters
from tests.integration.auth.places import PASSWORD, Place, Somebody, new_place
from tests.integration.auth.tokens.grants import Application, application

_PAGE = b"<!doctype html><html lang=en><title>The application</title><p>The application"
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"


@dataclass(frozen=True)
class Callback:
    """An application's own site, on another origin than ours."""

    address: str


@pytest.fixture(scope="module")
async def callback() -> AsyncIterator[Callback]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_ANSWER % (len(_PAGE), _PAGE))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield Callback(f"http://localhost:{server.sockets[0].getsockname()[1]}/callback")
    server.close()


@pytest.fixture(scope="module")
async def grounds(site: Site) -> Place:
    return await new_place(site.app)


@pytest.fixture(scope="module")
async def learner(grounds: Place) -> Somebody:
    school = await grounds.organisation(name="Harbour School 海港学校")
    return await grounds.somebody(school, birth_date="2001-05-04")


@pytest.fixture(scope="module")
async def portfolio(site: Site, grounds: Place, callback: Callback) -> Application:
    """An application that has to ask."""
    return await application(
        site.app,
        "web",
        name="Portfolio 作品集",
        organisation_id=grounds.root,
        needs_consent=True,
        redirect_uris=[callback.address],
        post_logout_redirect_uris=[callback.address],
    )


def request(client: Application, callback: Callback, **changes: str) -> str:
    wish = parameters(client, redirect_uri=callback.address, scope="openid profile spaces.read", **changes)
    return f"/oauth/authorize?{urlencode(wish)}"


def answered(visitor: Visitor, callback: Callback) -> dict[str, list[str]]:
    """What the application learnt by the address the browser ended at."""
    assert visitor.page.url.startswith(callback.address), visitor.page.url
    return parse_qs(urlsplit(visitor.page.url).query)


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_person_signs_in_to_an_application_by_keyboard(
    visit: Callable[..., Any],
    portfolio: Application,
    callback: Callback,
    learner: Somebody,
    site: Site,
    scripts: bool,
) -> None:
    """Also what the policy `form-action` says of redirects after a form: Chromium is the judge."""
    visitor: Visitor = await visit(scripts=scripts)
    page = visitor.page
    await visitor.sign_in(
        learner.username, PASSWORD, request(portfolio, callback, prompt="consent", login_hint="somebody")
    )
    await page.wait_for_url("**/consent?**")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.innerText") == "Allow"
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{callback.address}?**")
    code = answered(visitor, callback)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    tokens = await portfolio.ask(learner.http, **form, redirect_uri=callback.address)
    assert tokens.status_code == 200, tokens.text

    await visitor.open(request(portfolio, callback))  # nothing is asked any more
    assert "code" in answered(visitor, callback)


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
async def test_consent_and_its_neighbours_as_people_see_them(
    visit: Callable[..., Any],
    portfolio: Application,
    callback: Callback,
    learner: Somebody,
    language: str,
    width: str,
    scheme: str,
) -> None:
    visitor: Visitor = await visit(language=language, width=width, scheme=scheme)
    page = visitor.page
    await visitor.sign_in(learner.username, PASSWORD, request(portfolio, callback, prompt="consent"))
    await page.wait_for_url("**/consent?**")
    await examine(visitor, "consent")
    await page.click("button[value=deny]")
    await page.wait_for_url(f"{callback.address}?**")
    assert answered(visitor, callback)["error"] == ["access_denied"]

    await visitor.open(request(portfolio, callback, prompt="select_account"))
    await page.wait_for_url("**/select-account?**")
    await examine(visitor, "select-account")
    assert await visitor.open("/oauth/authorize?client_id=nobody") == 400
    await examine(visitor, "unknown-application")

    leave = urlencode({"client_id": portfolio.client_id, "post_logout_redirect_uri": callback.address})
    await visitor.open(f"/oauth/logout?{leave}")
    await examine(visitor, "logout")
    await page.click("button.main")
    await page.wait_for_url(callback.address)
    await visitor.open(request(portfolio, callback))
    assert visitor.path.startswith("/sign-in?request=")
