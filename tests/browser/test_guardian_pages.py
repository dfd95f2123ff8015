"""The pages of guardians, as people see them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.browser.conftest import Site, Visitor
from tests.browser.test_account_pages import LOOKS, examine
from tests.integration.auth.places import PASSWORD, Place, Somebody, new_place

YEAR = datetime.now(UTC).year


@pytest.fixture(scope="module")
async def place(site: Site) -> Place:
    return await new_place(site.app)


@pytest.fixture(scope="module")
async def mother(place: Place) -> Somebody:
    """The guardian of a child of nine, of a pupil of unknown age and of one of sixteen."""
    school = await place.organisation(name="Sunrise Primary School 晨光小学")
    guardian = await place.somebody(school, "guardian")
    for given, born in (("晓梅", YEAR - 9), ("Benjamin Alexander", None), ("丽", YEAR - 16)):
        facts = {"given_name": given, "family_name": "陈"} | ({"birth_date": f"{born}-01-01"} if born else {})
        child = await place.person(school, **facts)
        await care(place, guardian, child)
    return guardian


async def care(place: Place, guardian: Somebody, child: Any) -> None:
    await place.app.state.database.pool.execute(
        "insert into guardianship (guardian_id, child_id, relation, origin) values ($1, $2, '母亲', 'hand')",
        guardian.id,
        child,
    )


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
async def test_children_consent_and_invitations(
    visit: Callable[..., Any], mother: Somebody, language: str, width: str, scheme: str
) -> None:
    visitor: Visitor = await visit(language=language, width=width, scheme=scheme)
    await visitor.sign_in(mother.username, PASSWORD)
    await examine(visitor, "account-children")
    links = visitor.page.locator('a[href^="/account/children/"]')
    addresses = [await links.nth(at).get_attribute("href") for at in range(await links.count())]
    assert len(addresses) == 3
    for at, address in enumerate(addresses):
        assert await visitor.open(str(address)) == 200
        await examine(visitor, f"child-{at}")
    assert await visitor.open("/invitations") == 200
    await examine(visitor, "invitations")


async def test_consent_without_scripts_and_with_the_keyboard(
    visit: Callable[..., Any], mother: Somebody
) -> None:
    visitor: Visitor = await visit(width="telephone", scripts=False)
    await visitor.sign_in(mother.username, PASSWORD)
    page = visitor.page
    await page.get_by_role("link", name="Read and decide for 陈晓梅").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="I consent").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/account?done=consent")
    assert await page.get_by_role("status").inner_text() == "Your decision has been recorded."
    assert await page.get_by_text("Consent given").count() == 1
