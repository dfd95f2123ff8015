"""Redeeming codes: the Basic profile of OpenID Connect, and attacks 17, 28 to 30, 38, 39 and 53."""

import asyncio
import base64
import hashlib
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.auth.conftest import TOKEN_SECONDS
from tests.integration.auth.places import ADDRESS, Place, Somebody
from tests.integration.auth.tokens.grants import (
    OPENID,
    Application,
    actions_about,
    application,
    claims_of,
    grant,
    header_of,
    refused,
    tokens,
    works,
)


async def test_basic_happy_flow(http: httpx.AsyncClient, web: Application, pupil: Somebody) -> None:
    code = await grant(web, pupil, nonce="n-0S6_WzA2Mj")
    answer = await web.ask(http, **code.form())
    assert answer.status_code == 200, answer.text
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    issued = answer.json()
    assert (issued["token_type"], issued["expires_in"]) == ("Bearer", TOKEN_SECONDS)
    assert issued["scope"] == "account openid spaces.read"
    access, identity = claims_of(web, issued["access_token"]), claims_of(web, issued["id_token"], use="id")
    assert access.subject == identity.subject == str(pupil.id)
    assert access.session == identity.session == str(pupil.session)
    assert access.client_id == web.client_id
    assert set(access.audiences) == {"urn:xuebu:auth", "urn:xuebu:spaces"}
    assert access.members["family"]
    assert access.members["role"]["role"] == "student"
    assert identity.audiences == (web.client_id,)
    assert identity.members["iss"] == ADDRESS
    assert identity.members["nonce"] == "n-0S6_WzA2Mj"
    digest = hashlib.sha256(issued["access_token"].encode()).digest()[:16]
    assert identity.members["at_hash"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert abs(identity.members["auth_time"] - time.time()) < 600
    assert identity.members["acr"] == "urn:xuebu:acr:password"
    assert identity.members["amr"] == ["pwd"]
    assert (await actions_about(pupil))[0] == "tokens.granted"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_basic_id_token_signature(
    auth_app: FastAPI, http: httpx.AsyncClient, pupil: Somebody, algorithm: str
) -> None:
    client = await application(auth_app, id_token_alg=algorithm)
    issued = await tokens(http, client, pupil)
    assert header_of(issued["id_token"])["alg"] == algorithm
    assert header_of(issued["id_token"])["typ"] == "JWT"
    assert header_of(issued["access_token"])["alg"] == "ES256"
    assert claims_of(client, issued["id_token"], use="id").subject == str(pupil.id)


async def test_basic_no_nonce(http: httpx.AsyncClient, browser: Application, pupil: Somebody) -> None:
    issued = await tokens(http, browser, pupil)
    assert "nonce" not in claims_of(browser, issued["id_token"], use="id").members


async def test_basic_client_secret_post(http: httpx.AsyncClient, web: Application, pupil: Somebody) -> None:
    code = await grant(web, pupil)
    proof = {"client_id": web.client_id, "client_secret": str(web.secret)}
    answer = await http.post("/oauth/token", data=code.form() | proof)
    assert answer.status_code == 200, answer.text


async def test_basic_unknown_parameters_and_another_order(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    code = await grant(web, pupil)
    form = dict(reversed((code.form() | {"extra": "foobar"}).items()))
    assert (await web.ask(http, **form)).status_code == 200


async def test_without_openid_there_is_no_id_token(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil, scopes=("spaces.read",), audiences=("urn:xuebu:spaces",))
    assert "id_token" not in issued
    assert claims_of(web, issued["access_token"]).audiences == ("urn:xuebu:spaces",)


async def test_basic_code_reuse_at_once_ends_what_it_gave(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    code = await grant(web, pupil)
    issued = (await web.ask(http, **code.form())).json()
    assert await works(http, issued["access_token"])
    refused(await web.ask(http, **code.form()), "invalid_grant")
    assert not await works(http, issued["access_token"])
    refused(await web.refresh(http, issued["refresh_token"]), "invalid_grant")
    assert (await actions_about(pupil))[0] == "tokens.replayed"


async def test_basic_code_reuse_after_30_seconds_ends_what_it_gave(
    auth_app: FastAPI, http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    code = await grant(web, pupil, age=20)
    issued = (await web.ask(http, **code.form())).json()
    await auth_app.state.database.pool.execute(
        "update authorization_code set used_at = used_at - interval '50 s',"
        " expires_at = now() - interval '10 s' where digest = $1",
        hashlib.sha256(code.text.encode()).digest(),
    )
    refused(await web.ask(http, **code.form()), "invalid_grant")
    assert not await works(http, issued["access_token"])


async def test_attack_17_no_verifier_or_one_of_another_code(
    http: httpx.AsyncClient, browser: Application, pupil: Somebody
) -> None:
    code, other = await grant(browser, pupil), await grant(browser, pupil)
    without = code.form()
    del without["code_verifier"]
    refused(await browser.ask(http, **without), "invalid_grant")
    refused(await browser.ask(http, **code.form(code_verifier="x" * 43)), "invalid_grant")
    refused(await browser.ask(http, **code.form(code_verifier=other.verifier)), "invalid_grant")
    refused(await browser.ask(http, **code.form(code_verifier="short")), "invalid_grant")
    assert (await browser.ask(http, **code.form())).status_code == 200


async def test_attack_28_eight_parallel_redemptions_over_two_workers(
    http: httpx.AsyncClient, other_worker: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    for _ in range(3):
        code = await grant(web, pupil)
        asked = (web.ask((http, other_worker)[number % 2], **code.form()) for number in range(8))
        answers = await asyncio.gather(*asked)
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) <= 1
        for answer in answers:
            if answer not in won:
                refused(answer, "invalid_grant")
        for answer in won:  # the others were replays
            assert (await web.introspect(other_worker, answer.json()["access_token"])) == {"active": False}
            refused(await web.refresh(http, answer.json()["refresh_token"]), "invalid_grant")


async def test_attack_29_another_client_redirect_uri_or_verifier(
    auth_app: FastAPI, http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    other, public = await application(auth_app), await application(auth_app, "native")
    code = await grant(web, pupil)
    refused(await other.ask(http, **code.form()), "invalid_grant")
    refused(await public.ask(http, **code.form()), "invalid_grant")
    for address in ("https://app.example/callback/", "https://app.example/other", "https://evil.example"):
        refused(await web.ask(http, **code.form(redirect_uri=address)), "invalid_grant")
    refused(await web.ask(http, **code.form(code_verifier="A" * 64)), "invalid_grant")
    refused(await web.ask(http, **code.form(code="A" * 43)), "invalid_grant")
    refused(await web.ask(http, **code.form(code="' or 1=1 --")), "invalid_grant")
    for name in ("code", "redirect_uri"):
        form = code.form()
        del form[name]
        refused(await web.ask(http, **form), "invalid_request")
    assert (await web.ask(http, **code.form())).status_code == 200  # no refusal used it up


async def test_attack_29_a_public_client_cannot_stand_in_for_a_confidential_one(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    code = await grant(web, pupil)
    answer = await http.post("/oauth/token", data=code.form(client_id=web.client_id))
    refused(answer, "invalid_client", 401)


async def test_attack_30_a_code_after_its_minute(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    late = await grant(web, pupil, age=61)
    refused(await web.ask(http, **late.form()), "invalid_grant")
    assert (await web.ask(http, **(await grant(web, pupil, age=55)).form())).status_code == 200


async def test_a_code_dies_with_its_session_and_account(
    http: httpx.AsyncClient, web: Application, home: Place, newcomer: Callable[[], Awaitable[Somebody]]
) -> None:
    somebody = await newcomer()
    code = await grant(web, somebody)
    suspension = f"/v1/people/{somebody.id}/account/suspension"
    assert (await home.admin.http.post(suspension)).status_code < 300
    refused(await web.ask(http, **code.form()), "invalid_grant")
    assert (await home.admin.http.delete(suspension)).status_code < 300
    refused(await web.ask(http, **code.form()), "invalid_grant")


async def test_attack_38_machines_get_nothing_of_people(
    http: httpx.AsyncClient, home: Place, web: Application, pupil: Somebody
) -> None:
    machine = await home.client(home.root, "people.read")
    proof = (machine["client_id"], machine["client_secret"])
    code = await grant(web, pupil)
    refused(await http.post("/oauth/token", data=code.form(), auth=proof), "unauthorized_client")
    form = {"grant_type": "client_credentials", "scope": "openid people.read"}
    refused(await http.post("/oauth/token", data=form, auth=proof), "invalid_scope")
    issued = await http.post("/oauth/token", data=form | {"scope": "people.read"}, auth=proof)
    assert set(issued.json()) == {"access_token", "token_type", "expires_in", "scope"}


async def test_attack_39_clients_for_people_get_nothing_for_themselves(
    http: httpx.AsyncClient, web: Application, browser: Application
) -> None:
    for client in (web, browser):
        refused(await client.ask(http, grant_type="client_credentials"), "unauthorized_client")
        refused(
            await client.ask(http, grant_type="client_credentials", scope="account"), "unauthorized_client"
        )


@pytest.mark.parametrize(
    ("methods", "acr"),
    [
        (("pwd",), "password"),
        (("pwd", "otp", "mfa"), "second-factor"),
        (("pwd", "recovery"), "second-factor"),
    ],
)
async def test_attack_53_acr_and_amr_say_how_the_person_signed_in(
    http: httpx.AsyncClient, web: Application, pupil: Somebody, methods: tuple[str, ...], acr: str
) -> None:
    issued = await tokens(http, web, pupil, methods=methods)
    for _ in range(2):
        identity = claims_of(web, issued["id_token"], use="id").members
        assert (identity["acr"], identity["amr"]) == (f"urn:xuebu:acr:{acr}", list(methods))
        issued = (await web.refresh(http, issued["refresh_token"])).json()


async def test_basic_an_essential_claim_in_the_id_token(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    asked = {"id_token": {"name": {"essential": True}, "gender": None, "made_up": None, "iss": None}}
    issued = await tokens(http, web, pupil, claims=asked)
    identity = claims_of(web, issued["id_token"], use="id").members
    assert identity["name"] == "Li Chen"
    assert not {"gender", "made_up", "email", "given_name"} & identity.keys()
    assert identity["iss"] == ADDRESS


async def test_scopes_alone_put_nothing_about_the_person_into_the_id_token(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    issued = await tokens(http, web, pupil, scopes=OPENID)
    standard = {"iss", "sub", "aud", "iat", "exp", "jti", "auth_time", "acr", "amr", "sid", "at_hash"}
    assert claims_of(web, issued["id_token"], use="id").members.keys() == standard


async def test_one_resource_narrows_the_token(
    http: httpx.AsyncClient, web: Application, pupil: Somebody
) -> None:
    wish = {
        "scopes": ("spaces.read", "credits.read"),
        "audiences": ("urn:xuebu:spaces", "urn:xuebu:creditbank"),
    }
    code = await grant(web, pupil, **wish)  # type: ignore[arg-type]
    refused(await web.ask(http, **code.form(resource="urn:xuebu:auth")), "invalid_target")
    refused(await web.ask(http, **code.form(resource="urn:nowhere")), "invalid_target")
    issued = (await web.ask(http, **code.form(resource="urn:xuebu:creditbank"))).json()
    assert issued["scope"] == "credits.read"
    assert claims_of(web, issued["access_token"]).audiences == ("urn:xuebu:creditbank",)
    again = (await web.refresh(http, issued["refresh_token"])).json()
    assert again["scope"] == "credits.read spaces.read"
