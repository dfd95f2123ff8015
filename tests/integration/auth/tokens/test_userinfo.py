"""Userinfo: OpenID Connect Core (section 5) and RFC 6750; the Basic profile's scopes and claims."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.auth.places import Place, Somebody
from tests.integration.auth.tokens.grants import OPENID, Application, application, tokens

PROFILE = {"name", "family_name", "given_name", "preferred_username", "birthdate"}
EMAIL = {"email", "email_verified"}
PHONE = {"phone_number", "phone_number_verified"}
FACTS = {
    "email": "li@example.org",
    "phone": "+86 10 1234 5678",
    "address": "北京市海淀区中关村大街 1 号，100080",
    "birth_date": "2008-02-29",
}


@pytest.fixture(scope="module")
async def known(home: Place, school: UUID) -> Somebody:
    """A student of whom much is known."""
    somebody = await home.somebody(school)
    answer = await home.admin.http.patch(f"/v1/people/{somebody.id}", json=FACTS)
    assert answer.status_code < 300, answer.text
    return somebody


async def info(http: httpx.AsyncClient, token: str, method: str = "GET") -> httpx.Response:
    return await http.request(method, "/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})


def refused(answer: httpx.Response, status: int, error: str | None) -> None:
    assert answer.status_code == status, answer.text
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert (f'error="{error}"' in challenge) if error else ("error" not in challenge)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        ((), set()),
        (("profile",), PROFILE),
        (("email",), EMAIL),
        (("phone",), PHONE),
        (("address",), {"address"}),
        (OPENID, PROFILE | EMAIL | PHONE | {"address"}),
    ],
)
async def test_basic_scopes(
    http: httpx.AsyncClient, web: Application, known: Somebody, scope: tuple[str, ...], claims: set[str]
) -> None:
    issued = await tokens(http, web, known, scopes=tuple({"openid", *scope}))
    answer = await info(http, issued["access_token"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told.keys() == claims | {"sub"}
    assert told.get("address") == ({"formatted": FACTS["address"]} if "address" in claims else None)
    assert told["sub"] == str(known.id)
    if "profile" in scope:
        assert told["name"] == "Li Chen"
        assert (told["birthdate"], told["preferred_username"]) == ("2008-02-29", known.username)
    if "email" in scope:
        assert (told["email"], told["email_verified"]) == ("li@example.org", False)
    if "phone" in scope:
        assert told["phone_number"] == FACTS["phone"]


async def test_basic_userinfo_by_get_and_by_post_with_header_and_body(
    http: httpx.AsyncClient, web: Application, known: Somebody
) -> None:
    token = (await tokens(http, web, known, scopes=("openid", "profile")))["access_token"]
    answers = [
        await info(http, token),
        await info(http, token, "POST"),
        await http.post("/oauth/userinfo", data={"access_token": token}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].json() == answers[1].json() == answers[2].json()


async def test_a_token_in_the_query_or_in_two_ways_is_refused(
    http: httpx.AsyncClient, web: Application, known: Somebody
) -> None:
    token = (await tokens(http, web, known))["access_token"]
    refused(await http.get("/oauth/userinfo", params={"access_token": token}), 401, None)
    header = {"Authorization": f"Bearer {token}"}
    twice = await http.post("/oauth/userinfo", data={"access_token": token}, headers=header)
    refused(twice, 400, "invalid_request")
    repeated = await http.post(
        "/oauth/userinfo",
        content=f"access_token={token}&access_token={token}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    refused(repeated, 400, "invalid_request")


async def test_errors_have_the_form_of_rfc_6750(
    http: httpx.AsyncClient, web: Application, known: Somebody
) -> None:
    refused(await http.get("/oauth/userinfo"), 401, None)
    refused(await http.post("/oauth/userinfo"), 401, None)
    for odd in ("x", "a.b.c", "e30.e30.e30"):
        refused(await info(http, odd), 401, "invalid_token")
    basic = await http.get("/oauth/userinfo", auth=("somebody", "something"))
    refused(basic, 401, "invalid_token")
    lacking = (await tokens(http, web, known, scopes=("account",)))["access_token"]
    refused(await info(http, lacking), 403, "insufficient_scope")


async def test_attack_8_a_token_for_another_service_learns_nothing(
    http: httpx.AsyncClient, web: Application, known: Somebody
) -> None:
    wish = {"scopes": ("spaces.read",), "audiences": ("urn:xuebu:spaces",)}
    issued = await tokens(http, web, known, **wish)
    refused(await info(http, issued["access_token"]), 401, "invalid_token")


async def test_basic_an_essential_claim_at_userinfo(
    http: httpx.AsyncClient, web: Application, known: Somebody
) -> None:
    asked = {"userinfo": {"name": {"essential": True}, "email": None, "made_up": None, "gender": None}}
    issued = await tokens(http, web, known, scopes=("openid",), claims=asked)
    told = (await info(http, issued["access_token"])).json()
    assert told == {"sub": str(known.id), "name": "Li Chen", "email": "li@example.org"}
    again = (await web.refresh(http, issued["refresh_token"])).json()
    assert (await info(http, again["access_token"])).json() == told


async def test_claims_never_pass_what_the_client_holds_or_the_person_allowed(
    auth_app: FastAPI, http: httpx.AsyncClient, known: Somebody
) -> None:
    asked = {"userinfo": {"email": None, "name": None}, "id_token": {"email": None, "name": None}}
    modest = await application(auth_app, scopes=["openid", "profile"])
    issued = await tokens(http, modest, known, scopes=("openid",), claims=asked)
    assert (await info(http, issued["access_token"])).json().keys() == {"sub", "name"}
    asking = await application(auth_app, needs_consent=True)
    issued = await tokens(http, asking, known, scopes=("openid", "email"), claims=asked)
    assert (await info(http, issued["access_token"])).json().keys() == {"sub", *EMAIL}
    await auth_app.state.database.pool.execute(
        "insert into client_consent (person_id, client_id, scopes) values ($1, $2, '{openid,email,profile}')",
        known.id,
        asking.id,
    )
    assert (await info(http, issued["access_token"])).json().keys() == {"sub", *EMAIL, "name"}


async def test_a_chinese_name_is_written_as_in_chinese(
    http: httpx.AsyncClient, home: Place, web: Application, newcomer: Callable[[], Awaitable[Somebody]]
) -> None:
    somebody = await newcomer()
    names = {"given_name": "小明", "family_name": "王", "preferred_name": "明明"}
    assert (await home.admin.http.patch(f"/v1/people/{somebody.id}", json=names)).status_code < 300
    token = (await tokens(http, web, somebody, scopes=("openid", "profile")))["access_token"]
    told = (await info(http, token)).json()
    assert (told["name"], told["nickname"]) == ("王小明", "明明")
