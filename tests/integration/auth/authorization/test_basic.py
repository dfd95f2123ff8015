"""The Basic list of design/auth.md section 3, as far as it concerns the authorization endpoint."""

import json
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from libs.common.ids import new_id
from services.auth.authorization.deciding import ACR_SECOND_FACTOR
from tests.integration.auth.authorization.browsing import (
    ENDPOINT,
    VERIFIER,
    Browser,
    parameters,
    query_of,
    request_of,
    shown,
)
from tests.integration.auth.places import ADDRESS, Somebody
from tests.integration.auth.tokens.grants import REDIRECT, Answer, Application, claims_of


async def redeemed(browser: Browser, client: Application, answer: httpx.Response) -> Answer:
    """The tokens of the code in an answer."""
    form = {
        "grant_type": "authorization_code",
        "code": query_of(answer)["code"],
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    tokens = await client.ask(browser.http, **form)
    assert tokens.status_code == 200, tokens.text
    issued: Answer = tokens.json()
    return issued


async def id_token(
    app: FastAPI, client: Application, person: Somebody, session: object, **changes: object
) -> str:
    """An ID token as this issuer signs them, with the changes."""
    now = int(time.time())
    claims = {
        "iss": ADDRESS,
        "sub": str(person.id),
        "aud": client.client_id,
        "iat": now - 7200,
        "exp": now - 3600,
        "jti": str(new_id()),
        "sid": str(session),
    } | changes
    text: str = app.state.keys.sign(json.dumps(claims).encode(), "JWT", "RS256")
    return text


async def test_basic_happy_flow(browser: Browser, trusted: Application, learner: Somebody) -> None:
    answer = await browser.authorize(trusted)
    assert set(query_of(answer)) == {"code", "state", "iss"}
    assert query_of(answer)["state"] == "some state"
    assert answer.headers["cache-control"] == "no-store"
    issued = await redeemed(browser, trusted, answer)
    claims = claims_of(trusted, issued["id_token"], use="id")
    assert claims.subject == str(learner.id)
    assert claims.members["nonce"] == "some nonce"


async def test_basic_without_nonce_and_state(browser: Browser, trusted: Application) -> None:
    answer = await browser.authorize(trusted, nonce=None, state=None)
    assert set(query_of(answer)) == {"code", "iss"}
    issued = await redeemed(browser, trusted, answer)
    assert "nonce" not in claims_of(trusted, issued["id_token"], use="id").members


async def test_basic_reversed_scope_and_changed_parameter_order(
    browser: Browser, trusted: Application
) -> None:
    pairs = list(parameters(trusted, scope="email profile openid").items())
    issued = await redeemed(browser, trusted, await browser.raw(pairs[::-1]))
    assert set(issued["scope"].split()) == {"openid", "profile", "email"}


async def test_basic_unknown_parameters_display_and_locales(browser: Browser, trusted: Application) -> None:
    known = {"display": "popup", "ui_locales": "fr-CA zh", "claims_locales": "zh", "login_hint": "someone"}
    assert "code" in query_of(await browser.authorize(trusted, extra="foobar", **known))


async def test_basic_post_request(browser: Browser, trusted: Application) -> None:
    """By form, from another site: no cookie of ours comes with it, so the browser asks again with GET."""
    wish = parameters(trusted, scope="openid email")
    browser_cookies, browser.http.cookies = browser.http.cookies, httpx.Cookies()
    answer = await browser.http.post(ENDPOINT, data=wish, headers={"Origin": "https://app.example"})
    browser.http.cookies = browser_cookies
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["location"])
    assert (parts.netloc, parts.path) == ("", ENDPOINT)
    assert {name: value for name, (value,) in parse_qs(parts.query).items()} == wish
    assert "code" in query_of(await browser.follow(answer))


async def test_post_requests_that_cannot_be_read(browser: Browser, trusted: Application) -> None:
    body = urlencode(parameters(trusted))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for content, headers, status in (
        (body, {"Content-Type": "text/plain"}, 415),
        (json.dumps(parameters(trusted)), {"Content-Type": "application/json"}, 415),
        ("%ff", form, 400),
        (body + "&state=" + "x" * 20_000, form, 413),
    ):
        shown(await browser.http.post(ENDPOINT, content=content, headers=headers), status)


async def test_basic_prompt_none_with_and_without_a_session(
    browser: Browser, stranger: Browser, trusted: Application
) -> None:
    assert "code" in query_of(await browser.authorize(trusted, prompt="none"))
    refused = query_of(await stranger.authorize(trusted, prompt="none"))
    assert (refused["error"], refused["state"]) == ("login_required", "some state")
    assert query_of(await browser.authorize(trusted, prompt="none login"))["error"] == "invalid_request"


async def test_basic_prompt_login_asks_again_although_signed_in(
    browser: Browser, trusted: Application, learner: Somebody
) -> None:
    waiting = request_of(await browser.authorize(trusted, prompt="login"), "/sign-in")
    assert request_of(await browser.resume(waiting), "/sign-in") == waiting  # nothing happened yet
    await browser.sign_in(learner.id, ago=timedelta(0))
    first = await redeemed(browser, trusted, await browser.resume(waiting))
    auth_time = claims_of(trusted, first["id_token"], use="id").members["auth_time"]
    assert time.time() - auth_time < 60


async def test_basic_max_age_1_and_10000(browser: Browser, trusted: Application, learner: Somebody) -> None:
    old = await redeemed(browser, trusted, await browser.authorize(trusted, max_age="10000"))
    waiting = request_of(await browser.authorize(trusted, max_age="1"), "/sign-in")
    await browser.sign_in(learner.id, ago=timedelta(0))
    new = await redeemed(browser, trusted, await browser.resume(waiting))
    times = [claims_of(trusted, one["id_token"], use="id").members["auth_time"] for one in (old, new)]
    assert times[1] - times[0] >= 290  # the session of before was five minutes old
    assert query_of(await browser.authorize(trusted, max_age="soon"))["error"] == "invalid_request"


async def test_basic_login_hint_and_ui_locales_reach_the_sign_in_page_and_the_request_goes_on(
    stranger: Browser, trusted: Application, learner: Somebody
) -> None:
    answer = await stranger.authorize(trusted, login_hint="li", ui_locales="zh-CN")
    assert parse_qs(urlsplit(answer.headers["location"]).query)["ui_locales"] == ["zh-CN"]
    waiting = request_of(answer, "/sign-in")
    page = (await stranger.follow(answer)).text
    assert 'lang="zh-CN"' in page
    assert 'value="li"' in page
    await stranger.sign_in(learner.id, ago=timedelta(0))
    assert query_of(await stranger.resume(waiting))["state"] == "some state"
    shown(await stranger.resume(waiting))  # it was finished


async def test_basic_id_token_hint(
    auth_app: FastAPI, browser: Browser, trusted: Application, learner: Somebody, other: Somebody
) -> None:
    own = await id_token(auth_app, trusted, learner, browser.session)
    assert "code" in query_of(await browser.authorize(trusted, prompt="none", id_token_hint=own))
    header, payload, signature = own.split(".")
    for bad in ("x", f"{header}.{payload}.{signature[::-1]}", f"eyJhbGciOiJub25lIn0.{payload}.", "a" * 9000):
        refused = await browser.authorize(trusted, prompt="none", id_token_hint=bad)
        assert query_of(refused)["error"] == "invalid_request", bad[:20]
    foreign = await id_token(auth_app, trusted, learner, browser.session, aud="another")
    assert query_of(await browser.authorize(trusted, id_token_hint=foreign))["error"] == "invalid_request"


async def test_attack_25_prompt_none_with_anothers_hint(
    auth_app: FastAPI, browser: Browser, trusted: Application, other: Somebody, learner: Somebody
) -> None:
    hint = await id_token(auth_app, trusted, other, new_id())
    refused = query_of(await browser.authorize(trusted, prompt="none", id_token_hint=hint))
    assert refused["error"] == "login_required"
    waiting = request_of(await browser.authorize(trusted, id_token_hint=hint), "/sign-in")
    await browser.sign_in(learner.id, ago=timedelta(0))  # and not the one who was meant
    assert query_of(await browser.resume(waiting))["error"] == "login_required"


async def test_attack_25_claims_may_name_the_only_subject(
    browser: Browser, trusted: Application, learner: Somebody, other: Somebody
) -> None:
    def claims(person: Somebody) -> str:
        return json.dumps({"id_token": {"sub": {"value": str(person.id)}}})

    assert "code" in query_of(await browser.authorize(trusted, prompt="none", claims=claims(learner)))
    refused = query_of(await browser.authorize(trusted, prompt="none", claims=claims(other)))
    assert refused["error"] == "login_required"


async def test_basic_essential_claim_reaches_userinfo(
    browser: Browser, trusted: Application, learner: Somebody
) -> None:
    wish = {"userinfo": {"given_name": {"essential": True}}}
    issued = await redeemed(browser, trusted, await browser.authorize(trusted, claims=json.dumps(wish)))
    told = await browser.http.get(
        "/oauth/userinfo", headers={"Authorization": f"Bearer {issued['access_token']}"}
    )
    assert told.json() == {"sub": str(learner.id), "given_name": "Li"}
    assert query_of(await browser.authorize(trusted, claims="[]"))["error"] == "invalid_request"


async def test_basic_acr_values_and_an_essential_acr(
    browser: Browser, stranger: Browser, trusted: Application, learner: Somebody
) -> None:
    """Nobody is sent to show a second factor that is not set up: a wish is passed over, a need refused."""
    assert "code" in query_of(await browser.authorize(trusted, acr_values=f"{ACR_SECOND_FACTOR} urn:x"))
    need = json.dumps({"id_token": {"acr": {"essential": True, "value": ACR_SECOND_FACTOR}}})
    unmet = query_of(await browser.authorize(trusted, claims=need))
    assert unmet["error"] == "unmet_authentication_requirements"
    await stranger.sign_in(learner.id, methods=("pwd", "otp"))
    assert "code" in query_of(await stranger.authorize(trusted, claims=need))


async def test_basic_acr_values_send_an_enrolled_person_to_the_second_factor(
    auth_app: FastAPI, stranger: Browser, trusted: Application, other: Somebody
) -> None:
    pool = auth_app.state.database.pool
    session = await stranger.sign_in(other.id)
    await pool.execute(
        "insert into second_factor (person_id, secret, session_id, confirmed_at) values ($1, $2, $3, now())",
        other.id,
        b"sealed",
        session,
    )
    try:
        answer = await stranger.authorize(trusted, acr_values=ACR_SECOND_FACTOR)
        waiting = request_of(answer, "/sign-in/second-factor")
        assert request_of(await stranger.resume(waiting), "/sign-in/second-factor") == waiting
        await stranger.sign_in(other.id, methods=("pwd", "otp"), ago=timedelta(0))
        assert "code" in query_of(await stranger.resume(waiting))
    finally:
        await pool.execute("delete from second_factor where person_id = $1", other.id)


@pytest.mark.parametrize("scope", ["profile", "email", "phone", "address", "profile email phone address"])
async def test_basic_scopes(browser: Browser, trusted: Application, scope: str) -> None:
    issued = await redeemed(browser, trusted, await browser.authorize(trusted, scope=f"openid {scope}"))
    assert set(issued["scope"].split()) == {"openid", *scope.split()}


async def test_scopes_a_client_does_not_hold_and_resources_that_do_not_exist(
    browser: Browser, trusted: Application
) -> None:
    for changes, error in (
        ({"scope": "openid credits.post"}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"scope": "openid spaces.read", "resource": "urn:xuebu:creditbank"}, "invalid_scope"),
    ):
        assert query_of(await browser.authorize(trusted, **changes))["error"] == error


async def test_select_account_offers_the_one_and_another(browser: Browser, trusted: Application) -> None:
    waiting = request_of(await browser.authorize(trusted, prompt="select_account"), "/select-account")
    page = await browser.http.get("/select-account", params={"request": waiting})
    assert page.status_code == 200
    assert f"/sign-in?request={waiting}" in page.text
    assert "form-action 'self' https://app.example" in page.headers["content-security-policy"]
    assert "code" in query_of(await browser.post("/select-account", page, request=waiting))


async def test_a_request_waits_in_its_own_browser_alone(
    stranger: Browser, browser: Browser, trusted: Application, auth_app: FastAPI
) -> None:
    waiting = request_of(await stranger.authorize(trusted), "/sign-in")
    for path in ("/oauth/authorize/resume", "/consent", "/select-account"):
        shown(await browser.http.get(path, params={"request": waiting}))
        for nonsense in ("", "x", "' or 1=1", str(new_id())):
            shown(await stranger.http.get(path, params={"request": nonsense}))
    await auth_app.state.database.pool.execute(
        "update authorization_request set expires_at = now() where id = $1::uuid", waiting
    )
    shown(await stranger.resume(waiting))
