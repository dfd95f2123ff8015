"""Signing in with a second factor: attack 53, and that amr tells the truth."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

import pytest
from fastapi import FastAPI

from services.auth.sessions import service as sessions
from services.auth.sessions.service import digest_of
from tests.integration.auth.credentials.enrolled import Enrolled, enrol, forget_steps
from tests.integration.auth.places import PASSWORD, Place, Somebody
from tests.integration.auth.signing_in.guests import WRONG, Guest, place_of

Guests = Callable[..., Guest]
STEP = "/sign-in/second-factor"


@pytest.fixture
async def enrolled(auth_app: FastAPI, pupil: Somebody) -> Enrolled:
    found = await enrol(pupil)
    await forget_steps(auth_app, pupil.id)
    return found


async def methods(app: FastAPI, browser: Guest) -> list[str]:
    assert browser.secret is not None
    found: list[str] = await app.state.database.pool.fetchval(
        "select methods from session where secret_digest = $1", digest_of(browser.secret)
    )
    return found


async def half_way(browser: Guest, enrolled: Enrolled) -> None:
    """The password was right; the code is still missing."""
    answer = await browser.try_password(enrolled.who.username, PASSWORD)
    assert place_of(answer) == STEP
    assert browser.secret is None


async def test_password_and_code_open_the_session(
    auth_app: FastAPI, guest: Guests, enrolled: Enrolled
) -> None:
    browser = guest()
    await half_way(browser, enrolled)
    page = await browser.get(STEP)
    assert enrolled.who.username in page.text
    answer = await browser.send(page, STEP, code=enrolled.code())
    assert place_of(answer) == "/account"
    assert await browser.is_signed_in()
    assert await methods(auth_app, browser) == ["pwd", "otp", "mfa"]


async def test_no_code_is_asked_of_whoever_has_no_second_factor(guest: Guests, pupil: Somebody) -> None:
    browser = guest()
    await browser.sign_in(pupil.username, PASSWORD)
    assert place_of(await browser.get(STEP)) == "/sign-in"


async def test_a_recovery_code_does_as_well_and_is_told_apart(
    auth_app: FastAPI, guest: Guests, enrolled: Enrolled
) -> None:
    browser = guest()
    await half_way(browser, enrolled)
    answer = await browser.send(await browser.get(STEP), STEP, code=enrolled.codes[0].lower())
    assert place_of(answer) == "/account"
    assert await methods(auth_app, browser) == ["pwd", "recovery", "mfa"]


@pytest.mark.parametrize("again", [False, True])
async def test_a_factor_confirmed_while_the_password_was_hashed_is_asked_for(
    auth_app: FastAPI, enrolled: Enrolled, again: bool
) -> None:
    """What the page does when the hash is done, with a factor that it did not see before."""
    pool, person = auth_app.state.database.pool, enrolled.who.id

    async def opens(*methods: str) -> bool:
        opened = await sessions.start(
            pool,
            person,
            hours=1,
            network="192.0.2.0/24",
            device=None,
            stored_hash=await pool.fetchval("select password_hash from account where person_id = $1", person),
            methods=methods,
            secret=token_urlsafe(32),
            previous=await present() if again else None,
        )
        return opened is not None

    async def present() -> sessions.Session:
        row = await pool.fetchrow("select id, authenticated_at from session where person_id = $1", person)
        later = datetime.now(UTC) + timedelta(hours=1)
        return sessions.Session(row["id"], person, row["authenticated_at"], ("pwd",), later, None)

    assert not await opens("pwd")
    assert await opens("pwd", "otp", "mfa")


async def test_attack_53_the_step_cannot_be_skipped(guest: Guests, enrolled: Enrolled) -> None:
    browser = guest()
    await half_way(browser, enrolled)
    for path in ("/account", "/account/password", "/account/second-factor"):
        assert place_of(await browser.get(path)) == "/sign-in"
    wrong = await browser.send(await browser.get(STEP), STEP, code="000000")
    assert wrong.status_code == 422
    assert browser.secret is None
    assert not await browser.is_signed_in()


async def test_attack_53_the_step_alone_is_nothing(guest: Guests, enrolled: Enrolled) -> None:
    stranger = guest()
    assert place_of(await stranger.get(STEP)) == "/sign-in"
    helper = guest()
    await half_way(helper, enrolled)
    page = await helper.get(STEP)
    answer = await stranger.send(page, STEP, code=enrolled.code())
    assert answer.status_code == 403
    await stranger.get("/sign-in")
    stranger.http.cookies.delete("xuebu_browser")
    assert not await stranger.is_signed_in()


async def test_attack_53_the_step_belongs_to_one_browser_and_ten_minutes(
    auth_app: FastAPI, guest: Guests, enrolled: Enrolled
) -> None:
    browser = guest()
    await half_way(browser, enrolled)
    page = await browser.get(STEP)
    await auth_app.state.database.pool.execute(
        "update started_sign_in set expires_at = now() - $2::interval where person_id = $1",
        enrolled.who.id,
        timedelta(seconds=1),
    )
    assert place_of(await browser.send(page, STEP, code=enrolled.code())) == "/sign-in"
    assert browser.secret is None


async def test_attack_53_a_new_password_ends_what_the_old_one_began(
    auth_app: FastAPI, guest: Guests, enrolled: Enrolled
) -> None:
    browser = guest()
    await half_way(browser, enrolled)
    page = await browser.get(STEP)
    await auth_app.state.database.pool.execute(
        "update account set password_changed_at = clock_timestamp() where person_id = $1", enrolled.who.id
    )
    assert place_of(await browser.send(page, STEP, code=enrolled.code())) == "/sign-in"
    assert browser.secret is None


async def test_attack_53_a_code_alone_does_not_make_a_sign_in_fresh(
    auth_app: FastAPI, guest: Guests, pupil: Somebody
) -> None:
    """A session that began before the second factor may add it; when the person signed in stays true."""
    browser = guest()
    await browser.sign_in(pupil.username, PASSWORD)
    before = browser.secret
    assert before is not None
    enrolled = await enrol(pupil)
    await forget_steps(auth_app, pupil.id)
    await auth_app.state.database.pool.execute(
        "update session set ended_at = null, authenticated_at = now() - interval '1 hour'"
        " where secret_digest = $1",
        digest_of(before),
    )
    answer = await browser.send(await browser.get(STEP), STEP, code=enrolled.code())
    assert place_of(answer) == "/account"
    assert browser.secret not in (None, before)
    assert await methods(auth_app, browser) == ["pwd", "otp", "mfa"]
    asked_again = await browser.get("/account/second-factor")
    assert asked_again.headers["location"].startswith("/sign-in?")


async def test_somebody_else_may_sign_in_instead(guest: Guests, enrolled: Enrolled, ground: Place) -> None:
    other = await ground.somebody(ground.root)
    browser = guest()
    await half_way(browser, enrolled)
    answer = await browser.send(await browser.get(STEP), "/sign-in/another")
    assert place_of(answer) == "/sign-in"
    assert place_of(await browser.get(STEP)) == "/sign-in"
    assert (await browser.sign_in(other.username, PASSWORD)).status_code == 200


async def test_wrong_passwords_are_refused_alike_with_a_second_factor(
    guest: Guests, enrolled: Enrolled
) -> None:
    assert (await guest().try_password(enrolled.who.username, WRONG)).status_code == 422
