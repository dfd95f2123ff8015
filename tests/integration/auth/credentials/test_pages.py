"""Pages of second factor, password and recovery, without JavaScript; attacks 21, 23, 26, 44, 51 to 53."""

import base64
import html
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.auth.second_factors import totp
from services.auth.second_factors.service import is_enrolled
from tests.integration.auth.authorization.browsing import Browser
from tests.integration.auth.credentials.enrolled import (
    enrol,
    forget_steps,
    links_to,
    with_address,
)
from tests.integration.auth.places import ADDRESS, PASSWORD, Place, Somebody, new_place, sign_in

FACTOR = "/account/second-factor"
NEW = "ten silver bicycles"
NOW = timedelta(0)


@pytest.fixture(scope="module")
async def ground(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.fixture
async def pupil(ground: Place) -> Somebody:
    return await ground.somebody(ground.root)


@pytest.fixture
async def browser(auth_app: FastAPI, pupil: Somebody) -> Browser:
    """Of the pupil, who signed in just now."""
    one = Browser(auth_app)
    await one.sign_in(pupil.id, ago=NOW)
    return one


def assert_page(answer: httpx.Response, status: int = 200) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<script|style=", answer.text)
    return html.unescape(answer.text)


async def post_form(browser: Browser, path: str, page: httpx.Response, **fields: str) -> httpx.Response:
    """Sends one of several forms of a page."""
    form = page.text.split(f'action="{path}"', 1)[1]
    found = re.search(r'name="form_token" value="([^"]+)"', form)
    assert found is not None
    data = {"form_token": found.group(1), **fields}
    return await browser.http.post(path, data=data, headers={"Origin": ADDRESS})


async def begun(browser: Browser) -> tuple[httpx.Response, bytes]:
    """The page with the picture, and the secret on it."""
    home = await browser.http.get(FACTOR)
    shown = await browser.follow(await browser.post(f"{FACTOR}/set-up", home))
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", assert_page(shown))
    assert found is not None
    spelled = found.group(1).replace(" ", "")
    return shown, base64.b32decode(spelled + "=" * (-len(spelled) % 8))


async def test_a_second_factor_is_set_up_on_pages(
    auth_app: FastAPI, browser: Browser, pupil: Somebody
) -> None:
    shown, secret = await begun(browser)
    assert 'src="data:image/svg+xml' in shown.text
    wrong = await browser.post(f"{FACTOR}/confirmation", shown, code="000000")
    assert "The code is not right" in assert_page(wrong, 422)
    done = await browser.post(f"{FACTOR}/confirmation", wrong, code=totp.code_at(secret, datetime.now(UTC)))
    codes = re.findall(r"<code>([A-Z2-9]{4}(?:-[A-Z2-9]{4}){3})</code>", assert_page(done))
    assert len(set(codes)) == 10
    assert await is_enrolled(auth_app.state.database.pool, pupil.id)
    home = await browser.http.get(FACTOR)
    assert "Unused recovery codes" in assert_page(home)
    renewed = await browser.post(f"{FACTOR}/recovery-codes", home, code=codes[0])
    newer = re.findall(r"<code>([A-Z2-9]{4}(?:-[A-Z2-9]{4}){3})</code>", assert_page(renewed))
    assert len(newer) == 10
    assert not set(newer) & set(codes)
    refused = await post_form(browser, f"{FACTOR}/removal", home, code=codes[1])
    assert_page(refused, 422)
    removed = await browser.follow(await post_form(browser, f"{FACTOR}/removal", home, code=newer[1]))
    assert "It is not set up." in assert_page(removed)


async def test_attack_52_pages_of_the_second_factor_need_a_fresh_sign_in(
    auth_app: FastAPI, pupil: Somebody
) -> None:
    stale = Browser(auth_app)
    await stale.sign_in(pupil.id, ago=timedelta(minutes=6))
    for path in (FACTOR, f"{FACTOR}/set-up"):
        answer = await stale.http.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?")
        assert "again=1" in answer.headers["location"]
    for path in ("set-up", "confirmation", "recovery-codes", "removal"):
        answer = await stale.http.post(
            f"{FACTOR}/{path}", data={"code": "123456"}, headers={"Origin": ADDRESS}
        )
        assert answer.status_code == 303
    assert not await is_enrolled(auth_app.state.database.pool, pupil.id)


async def test_attack_23_forms_without_their_token_change_nothing(
    auth_app: FastAPI, browser: Browser, pupil: Somebody
) -> None:
    forms = {
        f"{FACTOR}/set-up": {"x": "1"},
        f"{FACTOR}/confirmation": {"code": "123456"},
        f"{FACTOR}/recovery-codes": {"code": "123456"},
        f"{FACTOR}/removal": {"code": "123456"},
        "/account/password": {"current": PASSWORD, "new": NEW},
        "/recover": {"username": pupil.username},
        "/recover/choose": {"link": "x", "password": NEW},
    }
    for path, fields in forms.items():
        answer = await browser.http.post(path, data=fields, headers={"Origin": ADDRESS})
        assert_page(answer, 403)
    await sign_in(auth_app, pupil.username, PASSWORD)


async def test_the_password_is_changed_on_a_page(
    auth_app: FastAPI, browser: Browser, pupil: Somebody
) -> None:
    form = await browser.http.get("/account/password")
    assert "At least 15 characters" in assert_page(form)
    for fields, said in [
        ({"current": "wrong password here", "new": NEW}, "not your present password"),
        ({"current": PASSWORD, "new": PASSWORD}, "This is the present password"),
        ({"current": PASSWORD, "new": "short"}, "at least 15 characters"),
        ({}, "not your present password"),
    ]:
        answer = await browser.post("/account/password", form, **fields)
        page = assert_page(answer, 422)
        assert said in page
        assert NEW not in page, "a password is never sent back"
    changed = await browser.post("/account/password", form, current=PASSWORD, new=NEW)
    assert changed.status_code == 303, "attack 26: never 307 after a password"
    assert "Your password was changed" in assert_page(await browser.follow(changed))
    await sign_in(auth_app, pupil.username, NEW)


async def test_whoever_is_not_signed_in_is_sent_to_do_so(auth_app: FastAPI) -> None:
    stranger = Browser(auth_app)
    for path in ("/account/password", FACTOR):
        answer = await stranger.http.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=%2Faccount%2F")


async def test_the_way_back_in_on_pages(auth_app: FastAPI, ground: Place) -> None:
    address = f"{uuid4().hex}@mail.example"
    pupil = await with_address(ground, ground.root, address)
    lost = Browser(auth_app)
    form = await lost.http.get("/recover")
    sent = await lost.follow(await lost.post("/recover", form, username=pupil.username))
    known = assert_page(sent)
    other = Browser(auth_app)
    nobody = await other.follow(
        await other.post("/recover", await other.http.get("/recover"), username=uuid4().hex)
    )
    assert assert_page(nobody) == known, "attack 44"
    (link,) = await links_to(auth_app, address)
    reader = Browser(auth_app)
    for _ in range(2):  # a mail scanner looks first
        choice = await reader.http.get("/recover/choose", params={"link": link})
        assert_page(choice)
    assert choice.headers["referrer-policy"] in ("no-referrer", "same-origin"), "attack 51: not in Referer"
    refused = await reader.post("/recover/choose", choice, link=link, password="short")
    assert "at least 15 characters" in assert_page(refused, 422)
    substituted = await reader.post("/recover/choose", choice, link="another", password=NEW)
    assert_page(substituted, 403)
    done = await reader.post("/recover/choose", choice, link=link, password=NEW)
    assert "Your password was set" in assert_page(await reader.follow(done))
    assert "xuebu_session" not in reader.http.cookies, "attack 53: a link signs nobody in"
    assert_page(await reader.http.get("/recover/choose", params={"link": link}), 422)
    await sign_in(auth_app, pupil.username, NEW)


@pytest.mark.parametrize("link", ["", '"><script>alert(1)</script>', "x" * 5000, "\u4f60", "%00"])
async def test_attack_21_markup_in_a_link_is_refused_and_never_shown(auth_app: FastAPI, link: str) -> None:
    answer = await Browser(auth_app).http.get("/recover/choose", params={"link": link})
    assert_page(answer, 422)
    assert "alert(1)" not in answer.text


async def test_pages_speak_chinese(auth_app: FastAPI, browser: Browser) -> None:
    for path, said in [
        (FACTOR, "二次验证"),
        ("/account/password", "更改密码"),
        ("/recover", "忘记密码"),
        ("/recover/sent", "请查收邮件"),
        ("/recover/done", "密码已设置"),
    ]:
        answer = await browser.http.get(path, headers={"Accept-Language": "zh-CN"})
        assert said in assert_page(answer)
        assert answer.headers["content-language"] == "zh-CN"


async def test_attack_53_the_second_step_is_asked_of_whoever_enrolled(
    auth_app: FastAPI, pupil: Somebody
) -> None:
    enrolled = await enrol(pupil)
    visitor = Browser(auth_app)
    form = await visitor.http.get("/sign-in")
    fields = {"request": "", "next": "/account", "username": pupil.username, "password": PASSWORD}
    step = await visitor.post("/sign-in", form, **fields)
    assert step.headers["location"].startswith("/sign-in/second-factor")
    skipped = await visitor.http.get("/account")
    assert skipped.status_code == 303, "nobody is signed in before the code"
    code_form = await visitor.follow(step)
    await forget_steps(auth_app, pupil.id)
    done = await visitor.post(
        "/sign-in/second-factor", code_form, request="", next="/account", code=enrolled.code()
    )
    assert done.headers["location"] == "/account"
    assert_page(await visitor.http.get("/account"))
    methods = await auth_app.state.database.pool.fetchval(
        "select methods from session where person_id = $1 order by id desc limit 1", pupil.id
    )
    assert "otp" in methods
