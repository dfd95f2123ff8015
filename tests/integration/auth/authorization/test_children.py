"""Applications of others and children under 14: nothing without a guardian's consent (PIPL, article 31)."""

from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from services.auth.erasure.service import erase_due
from services.auth.guardians.texts import VERSION
from tests.integration.auth.authorization.browsing import VERIFIER, Browser, query_of
from tests.integration.auth.authorization.test_consent import Asking, consent_page, decide
from tests.integration.auth.places import Place, Somebody
from tests.integration.auth.tokens.grants import REDIRECT, Application, refused, works

BORN = f"{datetime.now(UTC).year - 9}-02-28"


@pytest.fixture
async def child(here: Place) -> Somebody:
    return await here.somebody(await here.organisation(name="Yucai"), birth_date=BORN)


@pytest.fixture
async def mother(here: Place, child: Somebody) -> Somebody:
    guardian = await here.somebody(await here.organisation(name="Yucai"), "guardian")
    await here.app.state.database.pool.execute(
        "insert into guardianship (guardian_id, child_id, relation, origin)"
        " values ($1, $2, 'parent', 'hand')",
        guardian.id,
        child.id,
    )
    return guardian


async def says(guardian: Somebody, child: Somebody, decision: str) -> None:
    body = {"decision": decision} | ({"text_version": VERSION} if decision == "given" else {})
    answer = await guardian.http.put(f"/v1/me/children/{child.id}/consent", json=body)
    assert answer.status_code == 200, answer.text


async def test_a_child_allows_an_application_only_with_a_guardian_s_consent(
    auth_app: FastAPI, child: Somebody, mother: Somebody, asking: Asking
) -> None:
    client = await asking()
    browser = Browser(auth_app)
    await browser.sign_in(child.id)
    answer = query_of(await browser.authorize(client))
    assert (answer["error"], answer["state"]) == ("access_denied", "some state")

    await says(mother, child, "given")
    waiting, _ = await consent_page(browser, client)
    assert "code" in await decide(browser, waiting)
    assert "code" in query_of(await browser.authorize(client))

    await says(mother, child, "withdrawn")
    answer = query_of(await browser.authorize(client))
    assert answer["error"] == "access_denied", "what was allowed before does not count any more"


async def test_an_application_of_the_platform_needs_none(
    auth_app: FastAPI, child: Somebody, trusted: Application
) -> None:
    browser = Browser(auth_app)
    await browser.sign_in(child.id)
    assert "code" in query_of(await browser.authorize(trusted))


async def test_withdrawn_consent_ends_what_applications_hold(
    auth_app: FastAPI, child: Somebody, mother: Somebody, asking: Asking
) -> None:
    client = await asking()
    browser = Browser(auth_app)
    await browser.sign_in(child.id)
    await says(mother, child, "given")
    waiting, _ = await consent_page(browser, client, scope="openid account offline_access")
    code = (await decide(browser, waiting))["code"]
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    issued = (await client.ask(browser.http, code=code, **form)).json()
    assert await works(browser.http, issued["access_token"])
    await says(mother, child, "withdrawn")
    assert not await works(browser.http, issued["access_token"])
    refused(await client.refresh(browser.http, issued["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("how", ["leaves", "is removed", "is erased", "child is younger"])
async def test_consent_that_is_lost_ends_what_applications_hold(
    here: Place, child: Somebody, mother: Somebody, asking: Asking, how: str
) -> None:
    """A child of whom nobody says yes any more: no refresh, and where somebody acted, no token either."""
    pool, client, browser = here.app.state.database.pool, await asking(), Browser(here.app)
    await browser.sign_in(child.id)
    if how == "child is younger":
        await pool.execute("update person set birth_date = '2001-01-01' where id = $1", child.id)
    else:
        await says(mother, child, "given")
    waiting, _ = await consent_page(browser, client, scope="openid account offline_access")
    code = (await decide(browser, waiting))["code"]
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    issued = (await client.ask(browser.http, code=code, **form)).json()
    if how == "leaves":
        ended = await mother.http.delete(f"/v1/me/children/{child.id}")
    elif how == "is removed":
        ended = await here.admin.http.delete(f"/v1/people/{child.id}/guardians/{mother.id}")
    elif how == "is erased":
        ended = await mother.http.post("/v1/me/erasure")
        await pool.execute("update erasure set due_at = now() where person_id = $1", mother.id)
        await erase_due(here.app.state.database)
    else:
        ended = await here.admin.http.patch(f"/v1/people/{child.id}", json={"birth_date": BORN})
    assert ended.status_code < 300, ended.text
    refused(await client.refresh(browser.http, issued["refresh_token"]), "invalid_grant")
    if how in ("leaves", "is removed"):
        assert not await works(browser.http, issued["access_token"])
