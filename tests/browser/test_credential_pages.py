"""Passwords, recovery and the second step as people see them; everything by keyboard and without scripts."""

import asyncio
import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.auth.second_factors import totp
from tests.browser.conftest import Site, Visitor
from tests.browser.test_account_pages import LOOKS, examine
from tests.integration.auth.credentials.enrolled import forget_steps
from tests.integration.auth.places import PASSWORD, Place, Somebody, new_place

LOOK = pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)


@pytest.fixture(scope="module")
async def place(site: Site) -> Place:
    return await new_place(site.app)


@pytest.fixture
async def pupil(place: Place) -> Somebody:
    return await place.somebody(place.root)


async def submit(visitor: Visitor, action: str) -> None:
    """Presses the button of one form, and waits for what it answers."""
    async with visitor.page.expect_navigation():
        await visitor.page.click(f'form[action="{action}"] button')


def code_of(secret: str) -> str:
    """What an authenticator app that learnt this key shows now."""
    plain = secret.replace(" ", "").upper()
    return totp.code_at(base64.b32decode(plain + "=" * (-len(plain) % 8)), datetime.now(UTC))


@LOOK
async def test_recovery(visit: Callable[..., Any], language: str, width: str, scheme: str) -> None:
    visitor: Visitor = await visit(language=language, width=width, scheme=scheme)
    assert await visitor.open("/recover") == 200
    await examine(visitor, "recover")
    await visitor.page.fill("#username", uuid4().hex)
    await submit(visitor, "/recover")
    assert visitor.path == "/recover/sent"
    await examine(visitor, "recover-sent")
    await visitor.open("/recover/choose?link=no-such-link")
    await examine(visitor, "recover-refused")


@LOOK
async def test_password_and_second_step(
    visit: Callable[..., Any], pupil: Somebody, site: Site, language: str, width: str, scheme: str
) -> None:
    visitor: Visitor = await visit(language=language, width=width, scheme=scheme)
    page = visitor.page
    await visitor.sign_in(pupil.username, PASSWORD, "/sign-in?next=/account/password")
    await examine(visitor, "password")
    await visitor.open("/account/second-factor")
    await examine(visitor, "second-factor")
    await submit(visitor, "/account/second-factor/set-up")
    await examine(visitor, "second-factor-set-up")
    shown = re.search(r"\b(?:[A-Z2-7]{4} ){3,}[A-Z2-7]{4}\b", await page.inner_text("main"))
    assert shown is not None
    await page.fill("#code", code_of(shown.group()))
    await submit(visitor, "/account/second-factor/confirmation")
    await examine(visitor, "second-factor-codes")
    await visitor.open("/account/second-factor")
    await examine(visitor, "second-factor-on")
    await visitor.open("/account")
    await examine(visitor, "account-with-second-factor")
    await submit(visitor, "/sign-out")
    await visitor.sign_in(pupil.username, PASSWORD)
    assert visitor.path.startswith("/sign-in/second-factor")
    await examine(visitor, "second-step")
    await page.fill("#code", "000000")
    await submit(visitor, "/sign-in/second-factor")
    await examine(visitor, "second-step-refused")
    await forget_steps(site.app, pupil.id)
    await page.fill("#code", code_of(shown.group()))
    await submit(visitor, "/sign-in/second-factor")
    assert visitor.path == "/account"


@pytest.mark.parametrize("scripts", [True, False])
async def test_everything_by_keyboard_with_and_without_scripts(
    visit: Callable[..., Any], place: Place, pupil: Somebody, scripts: bool
) -> None:
    """Nothing is pointed at: the code of the school, the account, signing out, signing in again."""
    visitor: Visitor = await visit(scripts=scripts, width="telephone")
    page = visitor.page
    answer = await place.admin.http.post(f"/v1/people/{pupil.id}/activation-codes", json={})
    await visitor.open("/activate")
    await begins_at(visitor, "code")
    await page.keyboard.type(answer.json()["code"])
    for _ in range(2):
        await page.keyboard.press("Tab")
        await page.keyboard.type("eleven quiet harbours")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    assert visitor.path == "/account?done=activated"
    await page.keyboard.press("Tab")
    assert await focused(visitor) == "#content", "the first stop skips to the content"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await focused(visitor) == "/account/password"
    await page.keyboard.press("Shift+Tab")
    async with page.expect_navigation():
        await press_on(visitor, "/sign-out")
    assert visitor.path == "/signed-out"
    await visitor.open("/sign-in")
    await begins_at(visitor, "username")
    await page.keyboard.type(pupil.username)
    await page.keyboard.press("Tab")
    await page.keyboard.type("eleven quiet harbours")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    assert visitor.path == "/account"


async def begins_at(visitor: Visitor, field: str) -> None:
    """The field has the focus without a key pressed: a browser gives it with the page's first picture."""
    for _ in range(100):
        if await focused(visitor) == field:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not at {field}, but at {await focused(visitor)}")


async def focused(visitor: Visitor) -> str:
    """The field's name, the link's target or the form's action that has the focus."""
    found: str = await visitor.page.evaluate(
        "(one => one.name || one.getAttribute('href') || one.form?.getAttribute('action') || '')"
        "(document.activeElement)"
    )
    return found


async def press_on(visitor: Visitor, action: str) -> None:
    """Walks with the Tab key to the button of a form, and presses Enter."""
    for _ in range(60):
        if await focused(visitor) == action:
            await visitor.page.keyboard.press("Enter")
            return
        await visitor.page.keyboard.press("Shift+Tab")
    raise AssertionError(f"the keyboard never reaches {action}")


async def test_an_open_page_survives_a_sign_in_in_another_tab(
    visit: Callable[..., Any], pupil: Somebody
) -> None:
    """Its form belongs to the session of before, so it asks once more and signs nobody in."""
    visitor: Visitor = await visit()
    await visitor.open("/sign-in")
    other = Visitor(visitor.site, visitor.context, await visitor.context.new_page(), "other")
    await other.sign_in(pupil.username, PASSWORD)
    await visitor.page.fill("#username", pupil.username)
    await visitor.page.fill("#password", PASSWORD)
    await submit(visitor, "/sign-in")
    assert await visitor.page.get_by_role("alert").count() == 1
    await visitor.page.fill("#username", pupil.username)
    await visitor.page.fill("#password", PASSWORD)
    await submit(visitor, "/sign-in")
    assert visitor.path == "/account"
