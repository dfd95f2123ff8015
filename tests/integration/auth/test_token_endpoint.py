"""The token endpoint: RFC 6749 by the letter, and attacks 34, 38, 39 and 64 to 65."""

import asyncio
import base64
import hashlib
import time
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from libs.common.tokens import KeyTable, verify
from services.auth.bootstrap import Platform, prepare
from tests.integration.auth.conftest import TOKEN_SECONDS
from tests.integration.auth.places import ADDRESS, Place, document, new_place

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(scope="session")
async def machine(auth_app: FastAPI) -> dict[str, Any]:
    here = await new_place(auth_app)
    return await here.client(here.root, "credits.post", "people.read")


def basic(client: dict[str, Any]) -> httpx.BasicAuth:
    return httpx.BasicAuth(client["client_id"], client["client_secret"])


def refused(answer: httpx.Response, error: str, status: int = 400) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_a_token_for_all_the_client_holds(http: httpx.AsyncClient, machine: dict[str, Any]) -> None:
    answer = await http.post("/oauth/token", data=GRANT, auth=basic(machine))
    body = answer.json()
    assert answer.status_code == 200
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert (body["token_type"], body["expires_in"]) == ("Bearer", TOKEN_SECONDS)
    assert body["scope"] == "credits.post people.read"
    keys = KeyTable.from_jwks((await http.get("/.well-known/jwks.json")).json())
    now = time.time()
    for audience in ("urn:xuebu:creditbank", "urn:xuebu:auth"):
        claims = verify(body["access_token"], keys, issuer=ADDRESS, audience=audience, now=now)
        assert (claims.subject, claims.organisation) == (machine["id"], machine["organisation"])
        assert claims.client_id == machine["client_id"]
        assert claims.session is None


async def test_secret_in_the_form_and_one_resource(http: httpx.AsyncClient, machine: dict[str, Any]) -> None:
    form = GRANT | {
        "client_id": machine["client_id"],
        "client_secret": machine["client_secret"],
        "resource": "urn:xuebu:creditbank",
    }
    body = (await http.post("/oauth/token", data=form)).json()
    assert body["scope"] == "credits.post"


async def test_basic_credentials_are_form_encoded(http: httpx.AsyncClient, auth_app: FastAPI) -> None:
    secret = "a secret: with % and + and 汉字, long enough"
    client = {
        "client_id": f"service {uuid4()}",
        "name": "reader",
        "secret": secret,
        "scopes": ["events.read"],
        "organisation": None,
    }
    platform = Platform.model_validate(document(uuid4().hex, clients=[client]))
    await prepare(auth_app.state.database, platform)
    quoted = ":".join(quote_plus(str(part)) for part in (client["client_id"], secret))
    header = "Basic " + base64.b64encode(quoted.encode()).decode()
    answer = await http.post("/oauth/token", data=GRANT, headers={"Authorization": header})
    assert answer.status_code == 200, answer.text
    assert answer.json()["scope"] == "events.read"


async def test_attack_34_several_authentications(http: httpx.AsyncClient, machine: dict[str, Any]) -> None:
    secret = {"client_secret": machine["client_secret"]}
    both = GRANT | {"client_id": machine["client_id"]} | secret
    refused(await http.post("/oauth/token", data=both, auth=basic(machine)), "invalid_request")
    other = GRANT | {"client_id": "other"}
    refused(await http.post("/oauth/token", data=other, auth=basic(machine)), "invalid_request")
    assertion = GRANT | {"client_assertion": "x"}
    refused(await http.post("/oauth/token", data=assertion, auth=basic(machine)), "invalid_request")


async def test_attack_34_secret_in_the_query(http: httpx.AsyncClient, machine: dict[str, Any]) -> None:
    query = {"client_id": machine["client_id"], "client_secret": machine["client_secret"]}
    refused(await http.post("/oauth/token", params=query, data=GRANT), "invalid_request")


async def test_attack_34_json_body_and_other_media_types(
    http: httpx.AsyncClient, machine: dict[str, Any]
) -> None:
    refused(await http.post("/oauth/token", json=GRANT, auth=basic(machine)), "invalid_request")
    refused(await http.post("/oauth/token", auth=basic(machine)), "invalid_request")
    files = {"grant_type": (None, "client_credentials")}
    refused(await http.post("/oauth/token", files=files, auth=basic(machine)), "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        "grant_type=client_credentials&grant_type=client_credentials",
        "grant_type=client_credentials&scope=credits.post&scope=people.read",
        "grant_type=client_credentials&x=%ff",
        "grant_type=client_credentials&x=%00",
        "grant_type=client_credentials&" + "&".join(f"x{n}=1" for n in range(100)),
        "grant_type=client_credentials&scope=" + "x" * 5000,
        "grant_type=",
        "",
        "grant_type=client_credentials;scope=x\xff",
    ],
)
async def test_attack_34_malformed_forms(http: httpx.AsyncClient, machine: dict[str, Any], body: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await http.post(
        "/oauth/token", content=body.encode("latin-1"), headers=headers, auth=basic(machine)
    )
    refused(answer, "invalid_request")


@pytest.mark.parametrize("grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code"])
async def test_grants_that_do_not_exist(http: httpx.AsyncClient, machine: dict[str, Any], grant: str) -> None:
    answer = await http.post("/oauth/token", data={"grant_type": grant}, auth=basic(machine))
    refused(answer, "unsupported_grant_type")


@pytest.mark.parametrize(
    "scope", ["openid", "account", "spaces.write", "events.read", "credits.post admin", " "]
)
async def test_attack_38_scopes_the_client_does_not_hold(
    http: httpx.AsyncClient, machine: dict[str, Any], scope: str
) -> None:
    refused(
        await http.post("/oauth/token", data=GRANT | {"scope": scope}, auth=basic(machine)), "invalid_scope"
    )


async def test_resources_that_do_not_fit(http: httpx.AsyncClient, machine: dict[str, Any]) -> None:
    wrong = GRANT | {"resource": "urn:xuebu:nowhere"}
    refused(await http.post("/oauth/token", data=wrong, auth=basic(machine)), "invalid_target")
    foreign = GRANT | {"resource": "urn:xuebu:spaces"}
    refused(await http.post("/oauth/token", data=foreign, auth=basic(machine)), "invalid_scope")
    mixed = GRANT | {"resource": "urn:xuebu:auth", "scope": "credits.post people.read"}
    refused(await http.post("/oauth/token", data=mixed, auth=basic(machine)), "invalid_scope")


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"nocolon").decode(),
        "Bearer x",
        "Basic " + "A" * 8000,
    ],
)
async def test_broken_authentication(http: httpx.AsyncClient, authorization: str) -> None:
    answer = await http.post("/oauth/token", data=GRANT, headers={"Authorization": authorization})
    refused(answer, "invalid_client", 401)


async def test_attack_39_no_or_wrong_secret(http: httpx.AsyncClient, machine: dict[str, Any]) -> None:
    name = machine["client_id"]
    refused(await http.post("/oauth/token", data=GRANT | {"client_id": name}), "invalid_client", 401)
    refused(await http.post("/oauth/token", data=GRANT), "invalid_client", 401)
    for client_id, secret in [
        (name, "wrong"),
        (name, hashlib.sha256(machine["client_secret"].encode()).hexdigest()),
        ("nobody' or 1=1 --", machine["client_secret"]),
        (name.upper(), machine["client_secret"]),
    ]:
        refused(await http.post("/oauth/token", data=GRANT, auth=(client_id, secret)), "invalid_client", 401)


async def test_attack_65_a_suspended_client_is_refused_at_once(here: Place, http: httpx.AsyncClient) -> None:
    client = await here.client(await here.organisation(), "credits.post")
    assert (await http.post("/oauth/token", data=GRANT, auth=basic(client))).status_code == 200
    address = f"/v1/clients/{client['id']}/suspension"
    for _ in range(2):
        assert (await here.admin.http.post(address)).json()["status"] == "suspended"
        refused(await http.post("/oauth/token", data=GRANT, auth=basic(client)), "invalid_client", 401)
    assert (await here.admin.http.delete(address)).json()["status"] == "active"
    assert (await http.post("/oauth/token", data=GRANT, auth=basic(client))).status_code == 200


async def test_a_closed_organisations_client_is_refused(here: Place, http: httpx.AsyncClient) -> None:
    school = await here.organisation()
    client = await here.client(school, "credits.post")
    assert (await here.admin.http.post(f"/v1/organisations/{school}/closure")).status_code == 200
    refused(await http.post("/oauth/token", data=GRANT, auth=basic(client)), "invalid_client", 401)


async def test_attack_64_clients_of_others_and_scopes_of_the_platform(here: Place, place: Any) -> None:
    elsewhere = await place()
    school = await here.organisation()
    teacher = await here.somebody(school, "teacher")

    async def register(who: Any, organisation: Any, scope: str) -> int:
        body = {"organisation": str(organisation), "name": "x", "scopes": [scope]}
        return int((await who.http.post("/v1/clients", json=body)).status_code)

    assert await register(here.admin, elsewhere.root, "credits.post") == 404
    assert await register(here.admin, uuid4(), "credits.post") == 404
    assert await register(teacher, school, "credits.post") == 403
    for scope in ("events.read", "organisations.manage", "account", "anything"):
        assert await register(here.admin, school, scope) == 403
    client = await here.client(school, "credits.post")
    assert (await elsewhere.admin.http.post(f"/v1/clients/{client['id']}/suspension")).status_code == 404
    listed = await here.admin.http.get("/v1/clients", params={"organisation": str(school)})
    assert [one["id"] for one in listed.json()["items"]] == [client["id"]]
    assert client["client_secret"] not in listed.text


async def test_two_hundred_requests_at_once(http: httpx.AsyncClient, machine: dict[str, Any]) -> None:
    asked = (http.post("/oauth/token", data=GRANT, auth=basic(machine)) for _ in range(200))
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["access_token"] for answer in answers}) == 200


async def test_another_tenants_client_reads_nothing_here(
    here: Place, place: Any, http: httpx.AsyncClient
) -> None:
    elsewhere = await place()
    client = await elsewhere.client(elsewhere.root, "people.read")
    token = (await http.post("/oauth/token", data=GRANT, auth=basic(client))).json()["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    school = await here.organisation()
    pupil = await here.person(school)
    for address in (
        f"/v1/organisations/{school}/people",
        f"/v1/people/{pupil}",
        f"/v1/organisations/{school}",
    ):
        assert (await http.get(address, headers=header)).status_code == 404
    own = await http.get(f"/v1/organisations/{elsewhere.root}/people", headers=header)
    assert [one["id"] for one in own.json()["items"]] == [str(elsewhere.admin.id)]
    assert (await http.get("/v1/me", headers=header)).status_code == 403
