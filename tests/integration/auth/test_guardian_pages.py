"""Children, consent and invitations on pages, before a browser without scripts."""

import html
import re
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.auth.guardians.texts import VERSION
from tests.integration.auth.places import PASSWORD, Place, Somebody, new_place
from tests.integration.auth.signing_in.guests import Guest, place_of

YEAR = datetime.now(UTC).year


@pytest.fixture(scope="module")
async def here(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.fixture(scope="module")
async def school(here: Place) -> UUID:
    return await here.organisation(name="Yucai")


@pytest.fixture(scope="module")
async def mother(here: Place, school: UUID) -> Somebody:
    return await here.somebody(school, "guardian")


@pytest.fixture(scope="module")
async def browser(here: Place, mother: Somebody) -> Guest:
    """The mother's browser."""
    guest = Guest(here.app)
    await guest.sign_in(mother.username, PASSWORD)
    return guest


@pytest.fixture
async def child(here: Place, school: UUID, mother: Somebody) -> UUID:
    identifier = await here.person(school, given_name="<b>Mei</b>", birth_date=f"{YEAR - 8}-03-01")
    await here.app.state.database.pool.execute(
        "insert into guardianship (guardian_id, child_id, relation, origin)"
        " values ($1, $2, 'mother', 'hand')",
        mother.id,
        identifier,
    )
    return identifier


def words(answer: httpx.Response) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", answer.text))


async def test_a_guardian_reads_and_decides_on_pages(
    here: Place, browser: Guest, child: UUID, mother: Somebody
) -> None:
    account = await browser.get("/account")
    assert f'href="/account/children/{child}"' in account.text
    assert "<b>Mei" not in account.text, "attack 21: markup in a name is text"
    path = f"/account/children/{child}"
    shown = await browser.get(path)
    assert (shown.status_code, VERSION in shown.text) == (200, True)
    assert "personal space" in words(shown)
    action = f"{path}/consent"
    for decision, state in (("given", "Consent given"), ("withdrawn", "Consent withdrawn")):
        answer = await browser.send(await browser.get(path), action, decision=decision)
        assert place_of(answer) == "/account"
        assert state in words(await browser.get(path))
    history = (await mother.http.get(f"/v1/people/{child}/consents")).json()["items"]
    assert [one["decision"] for one in history] == ["withdrawn", "given"]
    await here.app.state.database.pool.execute(
        "update guardianship set relation = 'Guardian' where child_id = $1", child
    )
    for address, text in ((path, "监护人同意书"), ("/account", "我的孩子")):
        chinese = await browser.get(address, headers={"Accept-Language": "zh-CN"})
        assert text in chinese.text
        assert ">监护人<" in chinese.text, "a roster's word is told in the language"
        assert "Guardian" not in chinese.text


async def test_attack_23_a_decision_needs_the_form_of_this_child(
    browser: Guest, child: UUID, here: Place, school: UUID
) -> None:
    other = await here.person(school)
    path = f"/account/children/{child}"
    shown = await browser.get(path)
    forged = await browser.http.post(
        f"{path}/consent", data={"decision": "given", "child": str(child), "text_version": VERSION}
    )
    assert forged.status_code == 403
    foreign = await browser.send(
        shown, f"{path}/consent", headers={"Origin": "https://evil.example"}, decision="given"
    )
    assert foreign.status_code == 403
    swapped = await browser.send(shown, f"{path}/consent", decision="given", child=str(other))
    assert swapped.status_code == 403
    assert (await browser.get(f"/account/children/{other}")).status_code == 404, "nobody's child of hers"
    stale = await browser.send(shown, f"{path}/consent", decision="given", text_version="2001-01")
    assert (stale.status_code, "changed" in words(stale)) == (409, True)
    assert (await browser.send(shown, f"{path}/consent", decision="maybe")).status_code == 400
    stranger = Guest(here.app)
    assert place_of(await stranger.get(path)) == "/sign-in"


async def test_a_guardian_invites_another_who_answers_on_a_page(
    browser: Guest, child: UUID, here: Place, school: UUID
) -> None:
    path = f"/account/children/{child}"
    action = f"{path}/guardians"
    shown = await browser.get(path)
    wrong = await browser.send(shown, action, relation="", email="")
    assert (wrong.status_code, 'aria-invalid="true"' in wrong.text) == (422, True)
    wrong = await browser.send(shown, action, relation="father", email="nobody")
    assert (wrong.status_code, "no mail address" in words(wrong)) == (422, True)
    mailed = await browser.send(shown, action, relation="father", email="father@mail.example")
    assert "on its way" in words(mailed)
    made = await browser.send(shown, action, relation="father", email="")
    found = re.search(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}", words(made))
    assert found is not None
    father = await here.somebody(school, "staff")
    his = Guest(here.app)
    await his.sign_in(father.username, PASSWORD)
    form = await his.get("/invitations")
    refused = await his.send(form, "/invitations", code="AAAA-BBBB", decision="accept")
    assert (refused.status_code, "not valid" in words(refused)) == (422, True)
    accepted = await his.send(form, "/invitations", code=found[0], decision="accept")
    assert "You are a guardian of" in words(accepted)
    left = await his.send(await his.get(path), f"{path}/end")
    assert place_of(left) == "/account"
    assert (await his.get(path)).status_code == 404


async def test_a_child_of_fourteen_agrees_on_the_account_page(
    browser: Guest, here: Place, school: UUID
) -> None:
    child = await here.somebody(school)
    await here.admin.http.patch(f"/v1/people/{child.id}", json={"birth_date": f"{YEAR - 15}-01-01"})
    invited = await here.admin.http.post(
        f"/v1/people/{child.id}/guardian-invitations", json={"relation": "aunt"}
    )
    form = await browser.get("/invitations")
    answered = await browser.send(form, "/invitations", code=invited.json()["code"], decision="accept")
    assert "has to agree" in words(answered)
    own = Guest(here.app)
    account = await own.sign_in(child.username, PASSWORD)
    (action,) = set(re.findall(r'action="(/account/guardian-requests/[^"]*)"', account.text))
    assert place_of(await own.send(account, action, decision="agree")) == "/account"
    grown = await browser.get(f"/account/children/{child.id}")
    assert "decides alone" in words(grown)
