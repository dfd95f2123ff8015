"""What every page has: language, cookies bound to the host, assets, failures as pages."""

import re
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from services.auth.app import build
from tests.integration.auth.conftest import settings_of
from tests.integration.auth.places import PASSWORD, Somebody
from tests.integration.auth.signing_in.guests import Guest, fields_of

Guests = Callable[..., Guest]
SAFE = "https://auth.example"


@pytest.mark.parametrize(
    ("query", "headers", "language"),
    [
        ("", {}, "en"),
        ("", {"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.8"}, "zh-CN"),
        ("?ui_locales=zh-CN+en", {"Accept-Language": "en"}, "zh-CN"),
        ("?ui_locales=fr+de", {"Accept-Language": "zh"}, "zh-CN"),
        ("?ui_locales=fr+en-GB", {"Accept-Language": "zh"}, "en"),
        ("?language=zh-CN", {"Accept-Language": "en"}, "zh-CN"),
        ("?language=xx", {"Accept-Language": "en"}, "en"),
    ],
)
async def test_the_language_of_a_page(
    guest: Guests, query: str, headers: dict[str, str], language: str
) -> None:
    page = await guest().get(f"/sign-in{query}", headers=headers)
    assert page.headers["content-language"] == language
    assert f'<html lang="{language}">' in page.text
    assert ("登录" in page.text) == (language == "zh-CN")


async def test_the_language_that_was_chosen_stays(guest: Guests) -> None:
    browser = guest()
    page = await browser.get("/sign-in?next=/account/password")
    (address,) = re.findall(r'href="([^"]*language=zh-CN)"', page.text)
    assert address.replace("&amp;", "&") == "/sign-in?next=%2Faccount%2Fpassword&language=zh-CN"
    await browser.get("/sign-in?language=zh-CN")
    for path in ("/activate", "/sign-in?ui_locales=en"):
        assert (await browser.get(path)).headers["content-language"] == "zh-CN"


async def test_another_language_keeps_what_one_signs_in_for(guest: Guests, pupil: Somebody) -> None:
    browser = guest()
    refused = await browser.try_password("somebody", "wrong", path="/sign-in?next=/account/password")
    assert refused.status_code == 422
    assert 'href="/sign-in?next=%2Faccount%2Fpassword&amp;language=zh-CN"' in refused.text
    await browser.sign_in(pupil.username, PASSWORD)
    stale = await browser.http.post("/account/sessions/end", data={"session": "x"})
    assert stale.status_code == 403
    assert "language=" not in stale.text, "there is no such page to ask for"


async def test_attack_75_assets_are_kept_and_pages_are_not(guest: Guests) -> None:
    browser = guest()
    page = await browser.get("/sign-in")
    addresses = re.findall(r'href="(/static/[^"]+)"', page.text)
    assert len(addresses) == 2
    for address in addresses:
        asset = await browser.get(address)
        assert asset.status_code == 200
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["x-content-type-options"] == "nosniff"
    for address in ("/static/xuebu.css", "/static/..%2fforms.py", "/static/xuebu.0000000000000000.css"):
        assert (await browser.get(address)).status_code == 404


async def test_attack_74_no_page_is_readable_from_another_origin(guest: Guests, pupil: Somebody) -> None:
    browser = guest()
    await browser.sign_in(pupil.username, PASSWORD)
    for origin in ("https://evil.example", "null", SAFE):
        page = await browser.get("/account", headers={"Origin": origin})
        assert not [name for name in page.headers if name.startswith("access-control-")]
    asked = await browser.http.request(
        "OPTIONS",
        "/sign-in",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert not [name for name in asked.headers if name.startswith("access-control-")]


async def test_an_address_that_is_none_is_a_page_for_browsers_alone(guest: Guests) -> None:
    browser = guest()
    page = await browser.get("/acount", headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "zh"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "未找到" in page.text
    document = await browser.get("/acount", headers={"Accept": "application/json"})
    assert document.headers["content-type"] == "application/problem+json"


async def test_an_unexpected_failure_is_a_page_with_its_number(
    auth_app: FastAPI, guest: Guests, pupil: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("inside")

    browser = guest()
    page = await browser.get("/sign-in")
    monkeypatch.setattr(auth_app.state.sign_in, "begin", broken)
    answer = await browser.send(page, "/sign-in", username=pupil.username, password=PASSWORD)
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert "inside" not in answer.text
    assert "Traceback" not in answer.text


@pytest.fixture(scope="module")
async def safe_app(service_database: Callable[[str], ServiceStore]) -> AsyncIterator[FastAPI]:
    """The service as people reach it by https."""
    changes = {"issuer": SAFE, "public_address": SAFE}
    app = build(settings_of(service_database("auth"), **changes), background=False)
    async with app.router.lifespan_context(app):
        yield app


async def test_attack_41_cookies_are_bound_to_the_host_and_unseen_by_scripts(
    safe_app: FastAPI, pupil: Somebody
) -> None:
    transport = httpx.ASGITransport(safe_app, client=("10.99.0.1", 4711))
    async with httpx.AsyncClient(transport=transport, base_url=SAFE) as client:
        page = await client.get("/sign-in")
        data = fields_of(page, "/sign-in") | {"username": pupil.username, "password": PASSWORD}
        answer = await client.post("/sign-in", data=data, headers={"Origin": SAFE})
        assert answer.status_code == 303
        assert (await client.get("/account")).status_code == 200
    given = page.headers.get_list("set-cookie") + answer.headers.get_list("set-cookie")
    names = sorted(one.partition("=")[0] for one in given)
    assert names == ["__Host-xuebu_browser", "__Host-xuebu_device", "__Host-xuebu_session"]
    for one in given:
        attributes = {part.strip().lower() for part in one.split(";")[1:]}
        assert {"httponly", "secure", "samesite=lax", "path=/"} <= attributes
        assert not [attribute for attribute in attributes if attribute.startswith("domain")]
    (session,) = (one for one in given if "session" in one)
    assert "max-age" not in session.lower(), "it ends with the browser"


async def test_attack_41_without_the_prefix_a_cookie_is_not_ours_there(
    safe_app: FastAPI, guest: Guests, pupil: Somebody
) -> None:
    browser = guest()
    await browser.sign_in(pupil.username, PASSWORD)
    transport = httpx.ASGITransport(safe_app, client=("10.99.0.2", 4711))
    planted = {"Cookie": f"xuebu_session={browser.secret}"}
    async with httpx.AsyncClient(transport=transport, base_url=SAFE, headers=planted) as client:
        assert (await client.get("/account")).status_code == 303
