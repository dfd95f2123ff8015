"""Asking to be erased, as people see it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Site, Visitor
from tests.browser.test_account_pages import LOOKS, examine
from tests.integration.auth.places import PASSWORD, Place, Somebody, new_place


@pytest.fixture(scope="module")
async def place(site: Site) -> Place:
    return await new_place(site.app)


@pytest.fixture(scope="module")
async def teacher(place: Place) -> Somebody:
    return await place.somebody(await place.organisation(name="Sunrise School 晨光学校"), "teacher")


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
async def test_asking_and_withdrawing_without_scripts(
    visit: Callable[..., Any], teacher: Somebody, language: str, width: str, scheme: str
) -> None:
    """By keyboard: the link, the button, and the button that takes it back."""
    visitor: Visitor = await visit(language=language, width=width, scheme=scheme)
    await visitor.sign_in(teacher.username, PASSWORD)
    await visitor.page.focus('a[href="/account/erasure"]')
    await visitor.page.keyboard.press("Enter")
    await visitor.page.wait_for_url("**/account/erasure")
    await examine(visitor, "erasure")
    await visitor.page.focus('form[action="/account/erasure"] button')
    await visitor.page.keyboard.press("Enter")
    await visitor.page.wait_for_url("**/account?done=erasure-asked")
    await examine(visitor, "account-erasure")
    await visitor.page.focus('form[action="/account/erasure/withdrawal"] button')
    await visitor.page.keyboard.press("Enter")
    await visitor.page.wait_for_url("**/account?done=erasure-withdrawn")
