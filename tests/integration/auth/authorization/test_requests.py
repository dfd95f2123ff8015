"""Who may ask at the authorization endpoint, and where it answers: attacks 14 to 20 and 27."""

import asyncio

import pytest
from fastapi import FastAPI

from tests.integration.auth.authorization.browsing import (
    ENDPOINT,
    VERIFIER,
    Browser,
    parameters,
    query_of,
    request_of,
    shown,
)
from tests.integration.auth.places import ADDRESS, Place
from tests.integration.auth.tokens.grants import REDIRECT, Application, application

HOST = "https://app.example"


@pytest.mark.parametrize(
    "address",
    [
        f"{REDIRECT}/more",
        f"{REDIRECT}/",
        f"{REDIRECT}?next=1",
        f"{REDIRECT}#fragment",
        f"{HOST}@evil.example/callback",
        "https://app.example:pass@evil.example/callback",
        "https://evil.app.example/callback",
        "https://APP.example/callback",
        f"{HOST}/Callback",
        f"{HOST}/x/%2e%2e/callback",
        f"{HOST}/x/../callback",
        f"{REDIRECT}\r\nSet-Cookie: a=b",
        f"{REDIRECT}%0d%0a",
        "https:\\\\app.example\\callback",
        f"{HOST}\\@evil.example/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://app.example:444/callback",
        "http://app.example/callback",
        "//app.example/callback",
        "/callback",
        "https://app.example",
        f" {REDIRECT}",
        "https://äpp.example/callback",
    ],
)
async def test_attack_14_only_the_registered_address_is_answered(
    browser: Browser, trusted: Application, address: str
) -> None:
    shown(await browser.authorize(trusted, redirect_uri=address))
    shown(await browser.authorize(trusted, redirect_uri=address, prompt="none", response_type="token"))


async def test_basic_unregistered_and_missing_addresses_are_not_answered(
    browser: Browser, trusted: Application
) -> None:
    shown(await browser.authorize(trusted, redirect_uri="https://elsewhere.example/"))
    shown(await browser.authorize(trusted, redirect_uri=None))


@pytest.mark.parametrize("client_id", [None, "nobody", "a" * 300, "a\x00b", "a\nb", "' or 1=1 --"])
async def test_unknown_clients_are_not_answered(
    browser: Browser, trusted: Application, client_id: str | None
) -> None:
    shown(await browser.authorize(trusted, client_id=client_id))


async def test_machines_and_suspended_clients_are_not_answered(auth_app: FastAPI, browser: Browser) -> None:
    shown(await browser.authorize(await application(auth_app, "machine")))
    shown(await browser.authorize(await application(auth_app, "web", status="suspended")))


async def test_a_native_client_is_answered_at_any_port_of_loopback(
    browser: Browser, native: Application
) -> None:
    """Others on the device can listen there too, so the person takes part every time (RFC 8252, 8.6)."""
    for address in ("http://127.0.0.1:49152/callback", "org.example.app:/callback"):
        waiting = request_of(await browser.authorize(native, redirect_uri=address), "/select-account")
        page = await browser.http.get("/select-account", params={"request": waiting})
        policy = page.headers["content-security-policy"]
        assert (
            "form-action 'self' " + ("org.example.app:;" if address.startswith("org") else "http:") in policy
        )
        answer = await browser.post("/select-account", page, request=waiting)
        assert "code" in query_of(answer, address)
        silent = query_of(await browser.authorize(native, redirect_uri=address, prompt="none"), address)
        assert silent["error"] == "interaction_required"
    for address in (
        "http://127.0.0.1:49152/other",
        "http://127.0.0.2:80/callback",
        "http://localhost/callback",
    ):
        shown(await browser.authorize(native, redirect_uri=address))


@pytest.mark.parametrize("name", ["redirect_uri", "client_id"])
async def test_attack_15_two_addresses_are_answered_at_none(
    browser: Browser, trusted: Application, name: str
) -> None:
    good = parameters(trusted)
    shown(await browser.raw([*good.items(), (name, "https://evil.example/")]))
    shown(await browser.raw([(name, "https://evil.example/"), *good.items()]))
    shown(await browser.raw([*good.items(), (name, good[name])]))


async def test_attack_15_an_address_in_a_request_object_is_never_looked_at(
    browser: Browser, trusted: Application
) -> None:
    # {"alg":"none"} . {"redirect_uri":"https://evil.example/"}
    unsigned = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZS8ifQ."
    answer = query_of(await browser.authorize(trusted, request=unsigned))
    assert answer["error"] == "request_not_supported"
    shown(await browser.authorize(trusted, request=unsigned, redirect_uri=None))


async def test_repeated_parameters_are_refused(browser: Browser, trusted: Application) -> None:
    answer = await browser.raw([*parameters(trusted).items(), ("scope", "openid")])
    assert query_of(answer)["error"] == "invalid_request"
    twice = query_of(await browser.raw([*parameters(trusted).items(), ("state", "another")]))
    assert twice["error"] == "invalid_request"
    assert "state" not in twice


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
    ],
)
async def test_attack_16_no_downgrade_of_pkce(
    browser: Browser, trusted: Application, native: Application, changes: dict[str, str | None]
) -> None:
    assert query_of(await browser.authorize(trusted, **changes))["error"] == "invalid_request"
    address = "org.example.app:/callback"
    on_device = await browser.authorize(native, redirect_uri=address, **changes)
    assert query_of(on_device, address)["error"] == "invalid_request"


async def test_attack_17_a_code_needs_the_verifier_of_its_challenge(
    browser: Browser, trusted: Application
) -> None:
    code = query_of(await browser.authorize(trusted))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    without = await trusted.ask(browser.http, **form)
    assert (without.status_code, without.json()["error"]) in (
        (400, "invalid_grant"),
        (400, "invalid_request"),
    )
    wrong = await trusted.ask(browser.http, **form, code_verifier="w" * 43)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    right = await trusted.ask(browser.http, **form, code_verifier=VERIFIER)
    assert right.status_code == 200, right.text


@pytest.mark.parametrize(
    "response_type", ["token", "id_token", "id_token token", "code token", "code id_token", "none", "CODE"]
)
async def test_attack_18_only_a_code_is_ever_answered_and_nothing_in_a_fragment(
    browser: Browser, trusted: Application, response_type: str
) -> None:
    answer = query_of(await browser.authorize(trusted, response_type=response_type))
    assert answer["error"] == "unsupported_response_type"
    assert answer["state"] == "some state"
    in_fragment = await browser.authorize(trusted, response_type=response_type, response_mode="fragment")
    assert query_of(in_fragment)["error"] == "unsupported_response_type"


async def test_basic_response_type_missing_and_other_response_modes(
    browser: Browser, trusted: Application
) -> None:
    assert query_of(await browser.authorize(trusted, response_type=None))["error"] == "invalid_request"
    for mode in ("fragment", "form_post", "jwt"):
        assert query_of(await browser.authorize(trusted, response_mode=mode))["error"] == "invalid_request"
    assert "code" in query_of(await browser.authorize(trusted, response_mode="query"))


async def test_attack_19_request_objects_and_addresses_are_refused_unread(
    browser: Browser, trusted: Application
) -> None:
    visits: list[asyncio.StreamWriter] = []
    inner = await asyncio.start_server(lambda _, writer: visits.append(writer), "127.0.0.1", 0)
    async with inner:
        address = f"http://127.0.0.1:{inner.sockets[0].getsockname()[1]}/inner"
        for name, value, code in (
            ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
            ("request_uri", address, "request_uri_not_supported"),
            ("request_uri", "urn:ietf:params:oauth:request_uri:x", "request_uri_not_supported"),
            ("registration", "{}", "registration_not_supported"),
        ):
            assert query_of(await browser.authorize(trusted, **{name: value}))["error"] == code
        await asyncio.sleep(0.05)
    assert visits == []


async def test_attack_20_every_answer_names_the_issuer(
    browser: Browser, stranger: Browser, trusted: Application
) -> None:
    granted = query_of(await browser.authorize(trusted))
    refused = query_of(await stranger.authorize(trusted, prompt="none"))
    invalid = query_of(await browser.authorize(trusted, scope="nonsense"))
    assert [one["iss"] for one in (granted, refused, invalid)] == [ADDRESS] * 3
    assert [one.get("error") for one in (granted, refused, invalid)] == [
        None,
        "login_required",
        "invalid_scope",
    ]


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Forwarded", "X-Forwarded-Proto"])
async def test_attack_27_headers_change_neither_issuer_nor_links(
    browser: Browser, stranger: Browser, trusted: Application, name: str
) -> None:
    value = "host=evil.example" if name == "Forwarded" else "evil.example"
    browser.http.headers[name] = stranger.http.headers[name] = value
    assert query_of(await browser.authorize(trusted))["iss"] == ADDRESS
    answer = await stranger.authorize(trusted)
    assert answer.headers["location"].startswith("/sign-in?request=")
    page = shown(await stranger.authorize(trusted, redirect_uri="https://elsewhere.example/"))
    assert "evil.example" not in page


async def test_queries_that_cannot_be_read_are_pages(browser: Browser) -> None:
    for query in ("%ff%fe", "client_id=%ed%a0%80", "&".join(f"a{n}=1" for n in range(200))):
        shown(await browser.http.get(f"{ENDPOINT}?{query}"))


async def test_refusals_are_remembered_for_the_administrators_of_the_client(
    auth_app: FastAPI, browser: Browser, grounds: Place
) -> None:
    school = await grounds.organisation()
    client = await application(auth_app, "web", organisation_id=school)
    shown(await browser.authorize(client, redirect_uri="https://elsewhere.example/"))
    await browser.authorize(client, prompt="nonsense")
    entries = await grounds.admin.http.get("/v1/audit", params={"organisation": str(school)})
    found = [one for one in entries.json()["items"] if one["action"] == "authorization.refused"]
    assert [one["data"] for one in found] == [{"client": str(client.id), "why": "redirect_uri"}]
