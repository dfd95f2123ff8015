"""The sign-in page: what a browser gets, and what nobody else does; attacks 21-23, 26, 41-43, 75, 76."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from services.auth.sessions.service import digest_of
from tests.integration.auth.places import ADDRESS, PASSWORD, Place, Somebody
from tests.integration.auth.signing_in.guests import WRONG, Guest, fields_of, place_of

Guests = Callable[..., Guest]
MARKUP = "\"><script>alert(1)</script><img src=x onerror='alert(1)'>"


async def test_signing_in_by_page(guest: Guests, pupil: Somebody) -> None:
    browser = guest()
    answer = await browser.try_password(pupil.username.upper(), PASSWORD)
    assert place_of(answer) == "/account"
    account = await browser.get("/account")
    assert account.status_code == 200
    assert pupil.username in account.text
    assert place_of(await browser.get("/sign-in")) == "/account"


async def test_sessions_are_kept_by_digest_and_say_how(
    auth_app: FastAPI, guest: Guests, pupil: Somebody
) -> None:
    browser = guest()
    await browser.sign_in(pupil.username, PASSWORD)
    assert browser.secret is not None
    row = await auth_app.state.database.pool.fetchrow(
        "select methods, device, network from session where secret_digest = $1", digest_of(browser.secret)
    )
    assert row["methods"] == ["pwd"]
    assert "Firefox" in row["device"]
    assert row["network"].startswith("10.")


async def test_attack_22_and_75_no_page_is_framed_or_stored(guest: Guests, pupil: Somebody) -> None:
    browser = guest()
    pages = [await browser.get("/sign-in"), await browser.get("/activate"), await browser.get("/recover")]
    pages.append(await browser.try_password(pupil.username, WRONG))
    pages.append(await browser.sign_in(pupil.username, PASSWORD))
    pages.append(await browser.get("/sign-in?request=none"))
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self' data:; form-action ")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<script|\son[a-z]+=|\sstyle=", page.text)


async def test_attack_21_markup_is_escaped_everywhere(guest: Guests) -> None:
    for path in (
        f"/sign-in?next={MARKUP}",
        f"/sign-in?ui_locales={MARKUP}&x={MARKUP}",
        f"/sign-in?request={MARKUP}",
    ):
        page = await guest().get(path)
        assert "<script" not in page.text
        assert "<img" not in page.text
    refused = await guest().try_password(MARKUP, WRONG)
    assert refused.status_code == 422
    assert "<script" not in refused.text
    assert "&lt;script&gt;" in refused.text


@pytest.mark.parametrize("spoiled", ["none", "empty", "anothers", "other-purpose", "no-cookie", "two"])
async def test_attack_23_a_form_without_its_token_is_403(
    guest: Guests, pupil: Somebody, spoiled: str
) -> None:
    browser, other = guest(), guest()
    page = await browser.get("/sign-in")
    data = fields_of(page, "/sign-in") | {"username": pupil.username, "password": PASSWORD}
    if spoiled == "none":
        del data["form_token"]
    elif spoiled == "empty":
        data["form_token"] = ""
    elif spoiled == "anothers":
        data["form_token"] = fields_of(await other.get("/sign-in"), "/sign-in")["form_token"]
    elif spoiled == "other-purpose":
        data["form_token"] = fields_of(await browser.get("/activate"), "/activate")["form_token"]
    elif spoiled == "no-cookie":
        browser.http.cookies.clear()
    elif spoiled == "two":
        browser.http.headers["Cookie"] = f"xuebu_browser={'a' * 43}"
    answer = await browser.http.post("/sign-in", data=data, headers={"Origin": ADDRESS})
    assert answer.status_code == 403
    assert not await browser.is_signed_in()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ADDRESS + ".evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_attack_42_no_other_site_signs_anybody_in(
    guest: Guests, pupil: Somebody, headers: dict[str, str]
) -> None:
    browser = guest()
    page = await browser.get("/sign-in")
    data = fields_of(page, "/sign-in") | {"username": pupil.username, "password": PASSWORD}
    answer = await browser.http.post("/sign-in", data=data, headers=headers)
    assert answer.status_code == 403
    assert browser.secret is None


async def test_attack_41_planted_and_old_cookies_are_nobodys(guest: Guests, pupil: Somebody) -> None:
    planted = "A" * 43
    browser = guest()
    browser.http.cookies.set("xuebu_session", planted)
    assert not await browser.is_signed_in()
    await browser.sign_in(pupil.username, PASSWORD)
    first = browser.http.cookies.get("xuebu_session", domain="auth.example")
    assert first not in (None, planted)
    thief = guest()
    thief.http.cookies.set("xuebu_session", planted)
    assert not await thief.is_signed_in()


async def test_attack_41_every_sign_in_has_a_new_secret_and_the_old_one_is_worth_nothing(
    guest: Guests, pupil: Somebody
) -> None:
    browser, thief = guest(), guest()
    await browser.sign_in(pupil.username, PASSWORD)
    first = browser.secret
    assert first is not None
    await browser.sign_in(pupil.username, PASSWORD, path="/sign-in?again=1")
    assert browser.secret not in (None, first)
    thief.http.cookies.set("xuebu_session", first)
    assert not await thief.is_signed_in()


async def test_attack_41_a_cookie_that_comes_twice_is_none(guest: Guests, pupil: Somebody) -> None:
    browser = guest()
    await browser.sign_in(pupil.username, PASSWORD)
    secret = browser.secret
    browser.http.cookies.clear()
    for header in (f"xuebu_session={secret}; xuebu_session={'b' * 43}", f"xuebu_session={'b' * 43}"):
        assert (await browser.get("/account", headers={"Cookie": header})).status_code == 303
    only = await browser.get("/account", headers={"Cookie": f"xuebu_session={secret}"})
    assert only.status_code == 200


async def test_signing_in_again_keeps_the_session_and_another_person_ends_it(
    auth_app: FastAPI, guest: Guests, ground: Place, pupil: Somebody
) -> None:
    other = await ground.somebody(ground.root)
    browser = guest()
    read = "select id, person_id, ended_at from session where secret_digest = $1"

    async def session() -> Any:
        assert browser.secret is not None
        return await auth_app.state.database.pool.fetchrow(read, digest_of(browser.secret))

    await browser.sign_in(pupil.username, PASSWORD)
    first = await session()
    await browser.sign_in(pupil.username, PASSWORD, path="/sign-in?again=1")
    assert (await session())["id"] == first["id"]
    await browser.sign_in(other.username, PASSWORD, path="/sign-in?again=1")
    assert (await session())["person_id"] == other.id
    ended = "select ended_at from session where id = $1"
    assert await auth_app.state.database.pool.fetchval(ended, first["id"]) is not None


@pytest.mark.parametrize(
    "next_",
    [
        "https://evil.example/account",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%2F/evil.example",
        "/account/../../evil",
        "/account?x=//evil.example",
        "/accountevil",
        "javascript:alert(1)",
        "/account\r\nSet-Cookie: x=1",
        "/oauth/authorize",
        "account",
    ],
)
async def test_attack_43_next_leads_to_own_pages_only(guest: Guests, pupil: Somebody, next_: str) -> None:
    browser = guest()
    page = await browser.get("/sign-in", params={"next": next_, "return_to": next_})
    assert fields_of(page, "/sign-in")["next"] == "/account"
    answer = await browser.send(page, "/sign-in", username=pupil.username, password=PASSWORD, next=next_)
    assert answer.headers["location"] == "/account"


async def test_next_leads_back_to_the_page_that_asked(guest: Guests, pupil: Somebody) -> None:
    browser = guest()
    asked = await browser.get("/account/second-factor")
    assert asked.headers["location"] == "/sign-in?next=%2Faccount%2Fsecond-factor"
    answer = await browser.try_password(pupil.username, PASSWORD, path=asked.headers["location"])
    assert answer.headers["location"] == "/account/second-factor"


async def test_attack_26_a_password_is_never_sent_on(guest: Guests, pupil: Somebody) -> None:
    browser = guest()
    answer = await browser.try_password(pupil.username, PASSWORD)
    assert answer.status_code == 303
    out = await browser.send(await browser.get("/account"), "/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/signed-out")


async def test_signing_out_ends_the_session_and_its_tokens(
    auth_app: FastAPI, guest: Guests, pupil: Somebody
) -> None:
    browser = guest()
    account = await browser.sign_in(pupil.username, PASSWORD)
    secret = browser.secret
    assert secret is not None
    await browser.send(account, "/sign-out")
    assert browser.secret is None
    again = guest()
    again.http.cookies.set("xuebu_session", secret)
    assert not await again.is_signed_in()
    revoked = (
        "select count(*) from revocation r join session s on r.value = s.id::text"
        " where r.kind = 'session' and s.secret_digest = $1"
    )
    assert await auth_app.state.database.pool.fetchval(revoked, digest_of(secret)) == 1


async def test_a_suspended_account_is_signed_out_everywhere(
    guest: Guests, ground: Place, pupil: Somebody
) -> None:
    browser = guest()
    await browser.sign_in(pupil.username, PASSWORD)
    await ground.admin.http.post(f"/v1/people/{pupil.id}/account/suspension")
    assert not await browser.is_signed_in()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"username=%FF", "application/x-www-form-urlencoded", 400),
        ("username=学".encode(), "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 300, "application/x-www-form-urlencoded", 400),
        (b"username=a&username=b", "application/x-www-form-urlencoded", 400),
        (b"username=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"username=%00&password=%ED%A0%80", "application/x-www-form-urlencoded", 400),
    ],
)
async def test_forms_that_cannot_be_read_are_pages_too(
    guest: Guests, body: bytes, kind: str, status: int
) -> None:
    answer = await guest().http.post("/sign-in", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")


async def test_other_methods_are_refused_as_pages(guest: Guests) -> None:
    answer = await guest().http.put("/sign-in")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "text/html; charset=utf-8")


async def test_attack_76_no_secret_reaches_logs_or_audit(
    auth_app: FastAPI, guest: Guests, pupil: Somebody, capfd: pytest.CaptureFixture[str]
) -> None:
    browser = guest()
    token = uuid4().hex
    await browser.try_password(pupil.username, f"{WRONG} {token}")
    await browser.sign_in(pupil.username, PASSWORD)
    rows = await auth_app.state.database.pool.fetch(
        "select data::text as data from audit where subject_id = $1", pupil.id
    )
    written = capfd.readouterr().out + " ".join(row["data"] for row in rows)
    secrets = [token, PASSWORD, browser.secret, browser.http.cookies["xuebu_browser"]]
    assert all(secret and secret not in written for secret in secrets)
    assert pupil.username not in written
