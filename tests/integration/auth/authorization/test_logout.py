"""The Logout list of design/auth.md section 3 (RP-Initiated Logout 1.0), and attack 43 as it concerns it."""

import pytest
from fastapi import FastAPI

from libs.common.ids import new_id
from tests.integration.auth.authorization.browsing import Browser, query_of, shown
from tests.integration.auth.authorization.test_basic import id_token
from tests.integration.auth.places import ADDRESS, Somebody
from tests.integration.auth.tokens.grants import Application, application

ENDPOINT = "/oauth/logout"
AFTER = "https://app.example/signed-out"


@pytest.fixture(scope="session")
async def leaving(auth_app: FastAPI) -> Application:
    """An application with an address to return to after signing out."""
    return await application(auth_app, "web", post_logout_redirect_uris=[AFTER], name="Leaving")


async def is_signed_in(browser: Browser, client: Application) -> bool:
    return "code" in query_of(await browser.authorize(client, prompt="none"))


def signed_out_to(answer: object, address: str) -> None:
    assert (answer.status_code, answer.headers["location"]) == (303, address)  # type: ignore[attr-defined]
    assert "xuebu_session=;" in answer.headers["set-cookie"]  # type: ignore[attr-defined]


async def test_logout_with_hint_state_and_redirect(
    auth_app: FastAPI, browser: Browser, leaving: Application, learner: Somebody
) -> None:
    hint = await id_token(auth_app, leaving, learner, browser.session)
    wish = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER, "state": "a b"}
    cookies = dict(browser.http.cookies)
    signed_out_to(await browser.http.get(ENDPOINT, params=wish), f"{AFTER}?state=a+b")
    browser.http.cookies.update(cookies)  # the session is over, whatever the cookie says
    assert not await is_signed_in(browser, leaving)
    actions = [one["action"] for one in (await learner.http.get("/v1/audit")).json()["items"]]
    assert "session.ended" in actions
    signed_out_to(await browser.http.get(ENDPOINT, params=wish | {"state": ""}), AFTER)  # nothing left to end


async def test_logout_with_hint_alone_ends_at_a_page_of_ours(
    auth_app: FastAPI, browser: Browser, leaving: Application, learner: Somebody
) -> None:
    hint = await id_token(auth_app, leaving, learner, browser.session)
    signed_out_to(await browser.http.get(ENDPOINT, params={"id_token_hint": hint}), "/signed-out")
    assert (await browser.http.get("/signed-out")).status_code == 200


async def test_logout_without_hint_asks_first(browser: Browser, leaving: Application) -> None:
    for wish in ({}, {"state": "x"}, {"post_logout_redirect_uri": AFTER, "state": "x"}):
        page = await browser.http.get(ENDPOINT, params=wish)
        assert page.status_code == 200
        assert await is_signed_in(browser, leaving)
    signed_out_to(await browser.post(f"{ENDPOINT}/confirmation", page), "/signed-out")
    assert not await is_signed_in(browser, leaving)


async def test_logout_by_client_id_asks_first_and_then_returns(
    browser: Browser, leaving: Application
) -> None:
    wish = {"client_id": leaving.client_id, "post_logout_redirect_uri": AFTER, "state": "s"}
    page = await browser.http.get(ENDPOINT, params=wish)
    assert "Leaving" in page.text
    assert "form-action 'self' https://app.example" in page.headers["content-security-policy"]
    signed_out_to(await browser.post(f"{ENDPOINT}/confirmation", page, **wish), f"{AFTER}?state=s")
    assert not await is_signed_in(browser, leaving)


async def test_logout_hint_of_another_session_asks_first(
    auth_app: FastAPI, browser: Browser, leaving: Application, learner: Somebody, other: Somebody
) -> None:
    for person, session in ((learner, new_id()), (other, browser.session), (other, new_id())):
        hint = await id_token(auth_app, leaving, person, session)
        page = await browser.http.get(ENDPOINT, params={"id_token_hint": hint})
        assert page.status_code == 200
        assert await is_signed_in(browser, leaving)


async def test_logout_bad_modified_and_foreign_hints_are_refused(
    auth_app: FastAPI, browser: Browser, leaving: Application, trusted: Application, learner: Somebody
) -> None:
    hint = await id_token(auth_app, leaving, learner, browser.session)
    header, payload, signature = hint.split(".")
    access = learner.http.headers["Authorization"].removeprefix("Bearer ")
    wish = {"post_logout_redirect_uri": AFTER, "client_id": leaving.client_id}
    for bad in (
        "nonsense",
        "..",
        f"eyJhbGciOiJub25lIn0.{payload}.",
        f"{header}.{payload}.{signature[::-1]}",
        access,
        await id_token(auth_app, trusted, learner, browser.session),
        await id_token(auth_app, leaving, learner, browser.session, iss="https://evil.example"),
        await id_token(auth_app, leaving, learner, browser.session, iat=2**33, exp=2**33 + 60),
        "x" * 9000,
    ):
        shown(await browser.http.get(ENDPOINT, params=wish | {"id_token_hint": bad}))
    assert await is_signed_in(browser, leaving)


async def test_logout_hint_of_a_key_no_longer_published_proves_nothing(
    auth_app: FastAPI, browser: Browser, leaving: Application, learner: Somebody
) -> None:
    hint = await id_token(auth_app, leaving, learner, browser.session)
    _, payload, signature = hint.split(".")
    header = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImdvbmUiLCJ0eXAiOiJKV1QifQ"  # kid "gone"
    wish = {"id_token_hint": f"{header}.{payload}.{signature}", "post_logout_redirect_uri": AFTER}
    page = await browser.http.get(ENDPOINT, params=wish)
    assert page.status_code == 200
    assert AFTER not in page.text
    assert await is_signed_in(browser, leaving)


@pytest.mark.parametrize(
    "address",
    [
        f"{AFTER}?next=https://evil.example",
        f"{AFTER}/",
        "https://evil.example/",
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https:%2f%2fevil.example",
        "https://app.example@evil.example/signed-out",
        "javascript:alert(1)",
        f"{AFTER}\r\nLocation: https://evil.example",
    ],
)
async def test_attack_43_logout_leads_to_registered_addresses_alone(
    auth_app: FastAPI, browser: Browser, leaving: Application, learner: Somebody, address: str
) -> None:
    hint = await id_token(auth_app, leaving, learner, browser.session)
    for named in ({"id_token_hint": hint}, {"client_id": leaving.client_id}):
        shown(await browser.http.get(ENDPOINT, params=named | {"post_logout_redirect_uri": address}))
    assert await is_signed_in(browser, leaving)
    page = await browser.http.get(ENDPOINT, params={"post_logout_redirect_uri": "https://evil.example/"})
    tampered = {"post_logout_redirect_uri": address, "client_id": leaving.client_id}
    shown(await browser.post(f"{ENDPOINT}/confirmation", page, **tampered))
    assert await is_signed_in(browser, leaving)


@pytest.mark.parametrize("name", ["next", "return_to", "redirect"])
async def test_attack_43_next_leads_nowhere_else(browser: Browser, learner: Somebody, name: str) -> None:
    for address in ("//evil.example", "/\\evil.example", "https://evil.example", "%2f%2fevil.example"):
        await browser.sign_in(learner.id)
        page = await browser.http.get(ENDPOINT, params={name: address})
        answer = await browser.post(f"{ENDPOINT}/confirmation", page, **{name: address})
        assert answer.headers["location"] == "/signed-out"


async def test_logout_of_unknown_or_suspended_clients_and_repeated_parameters(
    auth_app: FastAPI, browser: Browser, leaving: Application
) -> None:
    suspended = await application(auth_app, "web", status="suspended")
    for client_id in ("nobody", suspended.client_id, "a\x00"):
        shown(await browser.http.get(ENDPOINT, params={"client_id": client_id}))
    shown(await browser.http.get(f"{ENDPOINT}?state=a&state=b"))
    shown(await browser.http.get(f"{ENDPOINT}?state=%ff"))
    assert await is_signed_in(browser, leaving)


async def test_logout_by_form_comes_again_by_get(
    auth_app: FastAPI, browser: Browser, leaving: Application, learner: Somebody
) -> None:
    hint = await id_token(auth_app, leaving, learner, browser.session)
    answer = await browser.http.post(ENDPOINT, data={"id_token_hint": hint}, headers={"Origin": "null"})
    assert answer.headers["location"].startswith(f"{ENDPOINT}?id_token_hint=")
    signed_out_to(await browser.follow(answer), "/signed-out")


async def test_attack_23_signing_out_needs_the_token_of_the_page(
    browser: Browser, leaving: Application
) -> None:
    shown(
        await browser.http.post(f"{ENDPOINT}/confirmation", headers={"Origin": ADDRESS}, data={"a": "b"}), 403
    )
    assert await is_signed_in(browser, leaving)
