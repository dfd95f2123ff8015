"""Every page of signing in and of the account, as people see it: languages, widths, colours, axe's rules."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.browser.conftest import Site, Visitor
from tests.integration.auth.places import PASSWORD, Place, Somebody, new_place

LOOKS = [
    ("en", "desktop", "light"),
    ("zh-CN", "desktop", "dark"),
    ("zh-CN", "telephone", "light"),
    ("en", "telephone", "dark"),
]


@pytest.fixture(scope="module")
async def place(site: Site) -> Place:
    return await new_place(site.app)


@pytest.fixture(scope="module")
async def teacher(place: Place) -> Somebody:
    """Somebody with two roles."""
    school = await place.organisation(name="Sunrise Primary School 晨光小学")
    somebody = await place.somebody(school, "teacher")
    await place.role(somebody.id, school, "guardian")
    return somebody


async def examine(visitor: Visitor, name: str) -> None:
    """A picture; no rule of axe broken; nothing wider than the screen; every word in the page's language."""
    await visitor.picture(name)
    results = await Axe().run(visitor.page)
    assert results.violations_count == 0, results.generate_report()
    size = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    needed, given = await visitor.page.evaluate(size)
    assert needed <= given, f"{name} needs {needed} px of {given}"


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
async def test_pages_before_signing_in(
    visit: Callable[..., Any], language: str, width: str, scheme: str
) -> None:
    visitor: Visitor = await visit(language=language, width=width, scheme=scheme)
    for path, name in (("/sign-in", "sign-in"), ("/activate", "activate"), ("/signed-out", "signed-out")):
        assert await visitor.open(path) == 200
        assert await visitor.page.get_attribute("html", "lang") == language
        await examine(visitor, name)
    await visitor.sign_in("nobody-of-this-name", "nine purple lanterns")
    assert await visitor.page.get_by_role("alert").count() == 1
    await examine(visitor, "sign-in-refused")
    assert await visitor.open("/sign-in?request=not-one") == 400
    await examine(visitor, "failure")


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
async def test_the_account(
    visit: Callable[..., Any], teacher: Somebody, language: str, width: str, scheme: str
) -> None:
    visitor: Visitor = await visit(language=language, width=width, scheme=scheme)
    await visitor.sign_in(teacher.username, PASSWORD)
    assert visitor.path == "/account"
    assert await visitor.page.locator("#profile").count() == 1, await visitor.page.inner_text("main")
    await examine(visitor, "account")
