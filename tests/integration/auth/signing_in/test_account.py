"""The account page and the page for the school's code."""

from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.auth.throttling.rules import FREE_FAILURES
from tests.integration.auth.places import PASSWORD, Place, Somebody, new_network
from tests.integration.auth.signing_in.guests import WRONG, Guest, fields_of, place_of

Guests = Callable[..., Guest]


async def code_for(ground: Place, person: UUID, username: str) -> str:
    answer = await ground.admin.http.post(
        f"/v1/people/{person}/activation-codes", json={"username": username}
    )
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


async def test_everything_about_oneself_is_on_one_page(guest: Guests, ground: Place, school: UUID) -> None:
    teacher = await ground.somebody(school, "teacher")
    await ground.admin.http.patch(
        f"/v1/people/{teacher.id}",
        json={"email": "li@example.org", "birth_date": "1990-03-05", "preferred_name": "Lily"},
    )
    page = await guest().sign_in(teacher.username, PASSWORD)
    for fact in ("Lily", "Li Chen", teacher.username, "li@example.org", "5 March 1990", "Harbour School"):
        assert fact in page.text, fact
    assert "Firefox · Linux" in page.text
    assert "An unknown device" in page.text, "the session that the test itself opened"


async def test_nobody_sees_it_without_signing_in(guest: Guests) -> None:
    answer = await guest().get("/account")
    assert answer.headers["location"] == "/sign-in?next=%2Faccount"
    assert place_of(await guest().get("/")) == "/account"


async def test_a_role_is_chosen(guest: Guests, ground: Place, school: UUID) -> None:
    teacher = await ground.somebody(school, "teacher")
    role = await ground.role(teacher.id, school, "assessor")
    browser = guest()
    page = await browser.sign_in(teacher.username, PASSWORD)
    answer = await browser.send(page, "/account/active-role", containing=str(role))
    assert answer.headers["location"] == "/account?done=role"
    after = await browser.get(answer.headers["location"])
    assert "This role is active now." in after.text
    with pytest.raises(AssertionError):
        fields_of(after, "/account/active-role", str(role))


async def test_a_role_of_somebody_else_is_not(guest: Guests, ground: Place, school: UUID) -> None:
    teacher = await ground.somebody(school, "teacher")
    other = await ground.somebody(school, "teacher")
    mine = await ground.role(teacher.id, school, "assessor")
    theirs = await ground.role(other.id, school, "assessor")
    browser = guest()
    page = await browser.sign_in(teacher.username, PASSWORD)
    answer = await browser.send(page, "/account/active-role", containing=str(mine), role=str(theirs))
    assert answer.status_code == 403, "the token was given for another role"


async def test_sessions_are_ended_one_by_one_and_all_at_once(
    guest: Guests, ground: Place, pupil: Somebody
) -> None:
    here, there, elsewhere = guest(), guest(), guest()
    for browser in (there, elsewhere, here):
        await browser.sign_in(pupil.username, PASSWORD)
    account = await here.get("/account")
    assert account.text.count('action="/account/sessions/end"') == 3
    await here.send(account, "/account/sessions/end", containing="Firefox")
    assert [await browser.is_signed_in() for browser in (here, there, elsewhere)].count(False) == 1
    answer = await here.send(await here.get("/account"), "/account/sessions/end-others")
    assert answer.headers["location"] == "/account?done=others-ended"
    assert [await browser.is_signed_in() for browser in (here, there, elsewhere)] == [True, False, False]
    assert (await pupil.http.get("/v1/sessions")).status_code == 401, "their tokens end as well"


async def test_anothers_session_cannot_be_ended(guest: Guests, ground: Place, pupil: Somebody) -> None:
    other = await ground.somebody(ground.root)
    victim, attacker = guest(), guest()
    await victim.sign_in(pupil.username, PASSWORD)
    account = await attacker.sign_in(other.username, PASSWORD)
    form = fields_of(account, "/account/sessions/end", "End")
    answer = await attacker.send(account, "/account/sessions/end", session=str(uuid4()))
    assert answer.status_code == 403
    assert form["session"]
    assert await victim.is_signed_in()


@pytest.mark.parametrize("action", ["/account/sessions/end", "/account/active-role"])
async def test_what_is_no_id_is_refused(guest: Guests, pupil: Somebody, action: str) -> None:
    browser = guest()
    await browser.sign_in(pupil.username, PASSWORD)
    answer = await browser.http.post(action, data={"session": "x", "role": "x"})
    assert answer.status_code == 403


async def activation(browser: Guest, code: str, password: str, repeat: str | None = None) -> httpx.Response:
    page = await browser.get("/activate")
    return await browser.send(
        page, "/activate", code=code, password=password, repeat=password if repeat is None else repeat
    )


async def test_the_schools_code_sets_the_password_and_signs_in(
    guest: Guests, ground: Place, school: UUID
) -> None:
    person, username = await ground.person(school), f"u-{uuid4().hex}"
    code = await code_for(ground, person, username)
    browser = guest()
    answer = await activation(browser, code.lower().replace("-", " "), PASSWORD)
    assert answer.headers["location"] == "/account?done=activated"
    page = await browser.get(answer.headers["location"])
    assert "Welcome" in page.text
    assert username in page.text
    again = await activation(guest(), code, PASSWORD)
    assert again.status_code == 422
    assert "This code is not valid" in again.text


async def test_a_weak_or_mistyped_password_keeps_the_code(guest: Guests, ground: Place, school: UUID) -> None:
    person = await ground.person(school)
    code = await code_for(ground, person, f"u-{uuid4().hex}")
    short = await activation(guest(), code, "too short")
    assert short.status_code == 422
    assert "at least 15 characters" in short.text
    different = await activation(guest(), code, PASSWORD, "another thing altogether")
    assert different.status_code == 422
    assert "are not the same" in different.text
    assert code in different.text
    assert (await activation(guest(), code, PASSWORD)).status_code == 303


async def test_attack_46_a_new_code_ends_a_lockout(
    auth_app: FastAPI, guest: Guests, ground: Place, pupil: Somebody
) -> None:
    for _ in range(FREE_FAILURES + 1):
        await guest().try_password(pupil.username, WRONG)
    assert (await guest().try_password(pupil.username, PASSWORD)).status_code == 429
    answer = await ground.admin.http.post(f"/v1/people/{pupil.id}/activation-codes", json={})
    browser = guest()
    assert (await activation(browser, answer.json()["code"], PASSWORD)).status_code == 303
    assert await browser.is_signed_in()
    assert (await guest().try_password(pupil.username, PASSWORD)).status_code == 303


async def test_wrong_codes_are_counted_by_network(guest: Guests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.auth.throttling.service.NETWORK_FAILURES", 3)
    network = new_network()
    statuses = [(await activation(guest(network), uuid4().hex, PASSWORD)).status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]
