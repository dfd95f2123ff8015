"""Consent: what is asked, of whom, and how it is withdrawn; attacks 21 to 24 and 26."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI

from tests.integration.auth.authorization.browsing import (
    ENDPOINT,
    VERIFIER,
    Browser,
    query_of,
    request_of,
    shown,
)
from tests.integration.auth.places import ADDRESS, Place, Somebody
from tests.integration.auth.tokens.grants import REDIRECT, Application, actions_about, application, works

Asking = Callable[..., Awaitable[Application]]


async def consent_page(browser: Browser, client: Application, **changes: str | None) -> tuple[str, str]:
    """The waiting request and the text of its page."""
    waiting = request_of(await browser.authorize(client, **changes), "/consent")
    page = await browser.http.get("/consent", params={"request": waiting})
    assert page.status_code == 200, page.text
    return waiting, page.text


async def decide(browser: Browser, waiting: str, decision: str = "allow") -> dict[str, str]:
    page = await browser.http.get("/consent", params={"request": waiting})
    return query_of(await browser.post("/consent", page, request=waiting, decision=decision))


async def test_consent_says_who_wants_what_and_is_remembered(browser: Browser, asking: Asking) -> None:
    client = await asking()
    waiting, text = await consent_page(browser, client, scope="openid profile")
    assert "App &lt;i&gt;of&lt;/i&gt; Class" in text
    assert "Campus &lt;b&gt;of&lt;/b&gt; Learning" in text
    assert "See your name" in text
    assert "See your e-mail" not in text
    assert "app.example" in text
    assert "code" in await decide(browser, waiting)
    assert "code" in query_of(await browser.authorize(client, scope="openid profile", prompt="none"))
    assert "code" in query_of(await browser.authorize(client))


async def test_consent_is_asked_again_for_more_and_when_wished(browser: Browser, asking: Asking) -> None:
    client = await asking()
    await decide(browser, (await consent_page(browser, client))[0])
    _, text = await consent_page(browser, client, scope="openid offline_access")
    assert "Keep this access while you are away" in text
    refused = query_of(await browser.authorize(client, scope="openid email", prompt="none"))
    assert refused["error"] == "consent_required"
    await consent_page(browser, client, prompt="consent")


async def test_claims_asked_for_by_name_are_shown_and_allowed_like_scopes(
    browser: Browser, asking: Asking
) -> None:
    """OpenID Connect Core, 5.5: not told in the scopes, but told to the person all the same."""
    client = await asking()
    await decide(browser, (await consent_page(browser, client, scope="openid"))[0])
    by_name = '{"userinfo":{"email":null},"id_token":{"acr":null,"unknown":null}}'
    waiting, text = await consent_page(browser, client, scope="openid", claims=by_name)
    assert "See your e-mail" in text
    assert "See your telephone" not in text
    assert "code" in await decide(browser, waiting)
    allowed = query_of(await browser.authorize(client, scope="openid email", prompt="none"))
    assert "code" in allowed, "what was allowed by name is allowed"


async def test_claims_beyond_what_the_client_holds_are_not_even_asked_for(
    browser: Browser, asking: Asking
) -> None:
    client = await asking(scopes=["openid", "profile"])
    by_name = '{"userinfo":{"email":null,"name":null}}'
    _, text = await consent_page(browser, client, scope="openid", claims=by_name)
    assert "See your name" in text
    assert "See your e-mail" not in text


async def test_an_application_of_the_platform_asks_only_when_it_wishes(
    browser: Browser, trusted: Application
) -> None:
    assert "code" in query_of(await browser.authorize(trusted, scope="openid offline_access"))
    waiting, text = await consent_page(browser, trusted, prompt="consent")
    assert "Part of this platform" in text
    assert "code" in await decide(browser, waiting)


async def test_denied_consent_is_access_denied_and_gives_nothing(
    browser: Browser, asking: Asking, learner: Somebody
) -> None:
    client = await asking()
    waiting, _ = await consent_page(browser, client)
    answer = await decide(browser, waiting, "deny")
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "some state", ADDRESS)
    assert "application.refused" in await actions_about(learner)
    assert query_of(await browser.authorize(client, prompt="none"))["error"] == "consent_required"
    waiting, _ = await consent_page(browser, client)
    assert (await decide(browser, waiting, "nonsense"))["error"] == "access_denied"


@pytest.mark.parametrize("name", ["state", "nonce", "login_hint", "ui_locales", "display", "acr_values"])
async def test_attack_21_markup_is_escaped_and_scripts_have_no_place(
    browser: Browser, stranger: Browser, asking: Asking, name: str
) -> None:
    markup = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'"
    client = await asking()
    waiting = request_of(await browser.authorize(client, **{name: markup}), "/consent")
    begun = request_of(await stranger.authorize(client, **{name: markup}), "/sign-in")
    pages = [
        await browser.http.get("/consent", params={"request": waiting, name: markup}),
        await stranger.http.get("/sign-in", params={"request": begun, name: markup}),
        await stranger.authorize(client, redirect_uri=markup, **({} if name == "state" else {name: markup})),
        await stranger.http.get(ENDPOINT, params={"client_id": markup}),
        await stranger.http.get("/oauth/logout", params={"client_id": markup}),
    ]
    for page in pages:
        assert "<script" not in page.text
        assert "onerror=alert" not in re.sub(r'"[^"]*"', "", page.text)
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy


async def test_attack_22_consent_and_refusals_cannot_be_framed(browser: Browser, asking: Asking) -> None:
    client = await asking()
    waiting, _ = await consent_page(browser, client)
    for page in (
        await browser.http.get("/consent", params={"request": waiting}),
        await browser.authorize(client, redirect_uri="https://elsewhere.example/"),
        await browser.http.get("/oauth/logout"),
        await browser.http.get("/signed-out"),
    ):
        assert page.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"


async def test_attack_23_a_consent_without_or_with_anothers_token_is_403(
    auth_app: FastAPI, browser: Browser, stranger: Browser, asking: Asking, other: Somebody, learner: Somebody
) -> None:
    client = await asking()
    waiting, _ = await consent_page(browser, client)
    page = await browser.http.get("/consent", params={"request": waiting})
    fields = {"request": waiting, "decision": "allow"}
    without = await browser.http.post("/consent", data=fields, headers={"Origin": ADDRESS})
    shown(without, 403)
    shown(await browser.http.post("/consent", data=fields | {"form_token": "x" * 64}), 403)

    await stranger.sign_in(other.id)
    theirs, _ = await consent_page(stranger, client)
    their_page = await stranger.http.get("/consent", params={"request": theirs})
    shown(await browser.post("/consent", their_page, **fields), 403)

    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert token is not None
    data = fields | {"form_token": token[1]}
    for origin in ("https://evil.example", "null"):
        shown(await browser.http.post("/consent", data=data, headers={"Origin": origin}), 403)
    await browser.sign_in(learner.id)  # the page was shown in the session of before
    shown(await browser.post("/consent", page, **fields), 403)
    granted = await auth_app.state.database.pool.fetchval(
        "select count(*) from client_consent where client_id = $1", client.id
    )
    assert granted == 0


async def test_attack_24_the_page_of_one_application_cannot_grant_another(
    browser: Browser, asking: Asking
) -> None:
    harmless, greedy = await asking(), await asking()
    shown_request, _ = await consent_page(browser, harmless)
    hidden_request, _ = await consent_page(browser, greedy, scope="openid email phone address")
    page = await browser.http.get("/consent", params={"request": shown_request})
    shown(await browser.post("/consent", page, request=hidden_request, decision="allow"), 403)
    answer = await browser.post(
        "/consent", page, request=shown_request, decision="allow", client_id=greedy.client_id, scope="email"
    )
    assert "code" in query_of(answer)
    assert query_of(await browser.authorize(greedy, prompt="none"))["error"] == "consent_required"
    more = await browser.authorize(harmless, prompt="none", scope="openid email")
    assert query_of(more)["error"] == "consent_required"


async def test_a_consent_is_decided_once(browser: Browser, asking: Asking) -> None:
    client = await asking()
    waiting, _ = await consent_page(browser, client)
    page = await browser.http.get("/consent", params={"request": waiting})
    assert "code" in query_of(await browser.post("/consent", page, request=waiting, decision="allow"))
    shown(await browser.post("/consent", page, request=waiting, decision="allow"))
    shown(await browser.http.get("/consent", params={"request": waiting}))


async def test_what_changed_while_the_page_was_open_counts(
    auth_app: FastAPI, browser: Browser, stranger: Browser, asking: Asking, learner: Somebody
) -> None:
    pool = auth_app.state.database.pool
    fewer, moved, gone = await asking(), await asking(), await asking()
    pages = {}
    for client in (fewer, moved, gone):
        waiting, _ = await consent_page(browser, client, scope="openid email")
        pages[waiting] = await browser.http.get("/consent", params={"request": waiting})
    await pool.execute("update client set scopes = '{openid}' where id = $1", fewer.id)
    await pool.execute("update client set redirect_uris = '{https://new.example/}' where id = $1", moved.id)
    await pool.execute("update client set status = 'suspended' where id = $1", gone.id)
    answers = [
        await browser.post("/consent", page, request=waiting, decision="allow")
        for waiting, page in pages.items()
    ]
    assert query_of(answers[0])["error"] == "invalid_scope"
    shown(answers[1])
    shown(answers[2])

    signed_out, _ = await consent_page(browser, await asking())
    page = await browser.http.get("/consent", params={"request": signed_out})
    await pool.execute("update session set ended_at = now() where id = $1", browser.session)
    answer = await browser.post("/consent", page, request=signed_out, decision="allow")
    assert request_of(answer, "/sign-in") == signed_out
    assert request_of(
        await browser.follow(await browser.http.get("/consent", params={"request": signed_out})), "/sign-in"
    )


async def test_attack_26_every_redirect_is_a_303(browser: Browser, stranger: Browser, asking: Asking) -> None:
    client = await asking()
    assert (await stranger.authorize(client)).status_code == 303
    assert (await stranger.http.post(ENDPOINT, data={"client_id": "x"})).status_code == 303
    assert (await browser.authorize(client, scope="nonsense")).status_code == 303
    waiting, _ = await consent_page(browser, client)
    assert "code" in await decide(browser, waiting)  # which looks at the status


async def test_withdrawing_an_application_ends_what_it_holds(
    auth_app: FastAPI, browser: Browser, asking: Asking, learner: Somebody
) -> None:
    client = await asking(name="Withdrawn")
    waiting, _ = await consent_page(browser, client, scope="openid account offline_access")
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    code = (await decide(browser, waiting))["code"]
    issued = (await client.ask(browser.http, code=code, **form)).json()
    assert await works(browser.http, issued["access_token"])
    pending_code = query_of(await browser.authorize(client))["code"]

    listed = await learner.http.get("/v1/me/applications", params={"limit": 200})
    (found,) = [one for one in listed.json()["items"] if one["name"] == "Withdrawn"]
    assert found["id"] == str(client.id)
    assert found["organisation"] == "Campus <b>of</b> Learning"
    assert found["scopes"] == ["account", "offline_access", "openid"]
    assert found["allowed_at"] is not None

    assert (await learner.http.delete(f"/v1/me/applications/{client.id}")).status_code == 204
    assert not await works(browser.http, issued["access_token"])
    assert (await client.refresh(browser.http, issued["refresh_token"])).json()["error"] == "invalid_grant"
    late = await client.ask(browser.http, code=pending_code, **form)
    assert late.json()["error"] == "invalid_grant"
    assert query_of(await browser.authorize(client, prompt="none"))["error"] == "consent_required"
    after = await learner.http.get("/v1/me/applications", params={"limit": 200})
    assert str(client.id) not in after.text
    assert "application.withdrawn" in await actions_about(learner)
    assert (await learner.http.delete(f"/v1/me/applications/{client.id}")).status_code == 204


async def test_only_ones_own_applications_are_there_to_withdraw(
    browser: Browser, asking: Asking, learner: Somebody, other: Somebody, auth_app: FastAPI
) -> None:
    client = await asking()
    await decide(browser, (await consent_page(browser, client))[0])
    assert (await other.http.delete(f"/v1/me/applications/{client.id}")).status_code == 404
    assert str(client.id) not in (await other.http.get("/v1/me/applications")).text
    assert "code" in query_of(await browser.authorize(client, prompt="none"))


async def test_an_application_that_need_not_ask_is_listed_while_it_holds_tokens(
    auth_app: FastAPI, grounds: Place, campus: object
) -> None:
    person = await grounds.somebody(grounds.root)
    browser = Browser(auth_app)
    await browser.sign_in(person.id, ago=timedelta(0))
    client = await application(auth_app, "web", name="Of the platform")
    code = query_of(await browser.authorize(client))["code"]
    (own,) = (await person.http.get("/v1/me/applications")).json()["items"]
    assert own["name"] == "Frontend", "the one this test itself signed in with"
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    await client.ask(browser.http, code=code, **form)
    listed = (await person.http.get("/v1/me/applications")).json()["items"]
    (found,) = [one for one in listed if one["id"] == str(client.id)]
    assert (found["name"], found["allowed_at"], found["organisation"]) == ("Of the platform", None, None)
    assert (await person.http.delete(f"/v1/me/applications/{client.id}")).status_code == 204
    assert (await person.http.get("/v1/me/applications")).json()["items"] == [own]


async def test_the_account_page_has_a_button_that_withdraws(
    auth_app: FastAPI, browser: Browser, asking: Asking
) -> None:
    client = await asking(name="By the button")
    await decide(browser, (await consent_page(browser, client))[0])
    path = f"/account/applications/{client.id}/withdrawal"
    data = {"application": str(client.id)}
    shown(await browser.http.post(path, data=data, headers={"Origin": ADDRESS}), 403)
    page = await browser.http.get("/account")
    assert "By the button" in page.text
    form = page.text[page.text.index(path) :]
    token = re.search(r'name="form_token" value="([^"]+)"', form)
    assert token is not None
    answer = await browser.http.post(path, data=data | {"form_token": token[1]}, headers={"Origin": ADDRESS})
    assert answer.status_code == 303
    assert answer.headers["location"].partition("?")[0] == "/account"
    assert query_of(await browser.authorize(client, prompt="none"))["error"] == "consent_required"
