"""Metadata: truthful, the issuer's own addresses, kept by caches, readable for every page; CORS."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from libs.common.tokens import KeyTable
from services.auth.app import CROSS_ORIGIN
from services.auth.clients import service as clients
from services.auth.clients.rules import GRANT_TYPES, Wish
from services.auth.discovery.schemas import ProviderMetadata
from services.auth.tokens import service as tokens
from services.auth.userinfo.schemas import UserInfo
from tests.integration.auth.places import ADDRESS

OPENID, OAUTH = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"


@pytest.fixture
async def metadata(http: httpx.AsyncClient) -> dict[str, Any]:
    answer = await http.get(OPENID)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    document: dict[str, Any] = answer.json()
    return document


async def test_config_the_issuer_is_exact_and_both_documents_are_one(
    http: httpx.AsyncClient, metadata: dict[str, Any]
) -> None:
    assert metadata["issuer"] == ADDRESS
    assert (await http.get(OAUTH)).json() == metadata
    assert set(metadata) == set(ProviderMetadata.model_fields)


async def test_config_every_endpoint_named_is_there(auth_app: FastAPI, metadata: dict[str, Any]) -> None:
    methods: dict[str, set[str]] = {}
    for route in auth_app.routes:
        if isinstance(route, APIRoute):
            methods.setdefault(route.path, set()).update(route.methods or ())
    named = {name: value for name, value in metadata.items() if name.endswith(("_endpoint", "_uri"))}
    assert all(address.startswith(f"{ADDRESS}/") for address in named.values())
    assert {address.removeprefix(ADDRESS) for address in named.values()} <= set(methods)
    for name, method in {
        "authorization_endpoint": "GET POST",
        "token_endpoint": "POST",
        "userinfo_endpoint": "GET POST",
        "introspection_endpoint": "POST",
        "revocation_endpoint": "POST",
        "end_session_endpoint": "GET POST",
    }.items():
        assert set(method.split()) <= methods[named[name].removeprefix(ADDRESS)], name


async def test_config_no_grant_is_named_that_does_not_work(metadata: dict[str, Any]) -> None:
    named = set(metadata["grant_types_supported"])
    assert named == set(tokens._GRANTS) == {grant for grants in GRANT_TYPES.values() for grant in grants}
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    for absent in ("request_parameter_supported", "request_uri_parameter_supported"):
        assert metadata[absent] is False
    not_here = ("pushed_authorization_request", "device_authorization", "dpop", "backchannel", "registration")
    assert not [name for name in metadata if name.startswith(not_here)]
    about_people = set(metadata["claims_supported"])
    assert set(UserInfo.model_fields) <= about_people
    assert not {"gender", "picture", "website", "zoneinfo"} & about_people


async def test_config_every_algorithm_named_has_a_key(
    http: httpx.AsyncClient, metadata: dict[str, Any]
) -> None:
    keys = (await http.get("/.well-known/jwks.json")).json()
    assert {key["alg"] for key in keys["keys"]} == set(metadata["id_token_signing_alg_values_supported"])
    assert len(KeyTable.from_jwks(keys)) == len(keys["keys"])
    rsa = next(key for key in keys["keys"] if key["kty"] == "RSA")
    assert set(rsa) == {"alg", "kty", "n", "e", "kid", "use"}


@pytest.mark.parametrize("path", [OPENID, OAUTH, "/.well-known/jwks.json"])
async def test_attack_75_what_is_public_may_be_kept_and_read_by_every_page(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(path, headers={"Origin": "https://anybody.example"})
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    again = await http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    assert (await http.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Forwarded", "X-Forwarded-Proto"])
async def test_attack_27_no_header_changes_the_issuer_or_an_address(
    http: httpx.AsyncClient, metadata: dict[str, Any], name: str
) -> None:
    value = {"Forwarded": "host=evil.example", "X-Forwarded-Proto": "gopher"}.get(name, "evil.example")
    assert (await http.get(OPENID, headers={name: value})).json() == metadata


@pytest.fixture
async def origin(auth_app: FastAPI) -> str:
    """The origin of a browser client registered for it."""
    host = f"https://{uuid4().hex}.example"
    wish = Wish(name="A page", kind="browser", scopes=("openid",), redirect_uris=(f"{host}/callback",))
    async with auth_app.state.database.transaction() as session:
        await clients.ensure(session, client_id=uuid4().hex, wish=wish, secret=None, organisation=None)
    return host


@pytest.mark.parametrize(("path", "methods"), CROSS_ORIGIN.items())
async def test_attack_74_pages_of_registered_origins_alone_may_read(
    http: httpx.AsyncClient, origin: str, path: str, methods: str
) -> None:
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    preflight = await http.request("OPTIONS", path, headers={"Origin": origin, **asking})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == origin
    assert preflight.headers["access-control-allow-methods"] == methods
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    answer = await http.post(path, data={}, headers={"Origin": origin})
    assert answer.status_code in (400, 401)
    assert answer.headers["access-control-allow-origin"] == origin
    assert "origin" in answer.headers["vary"].lower()
    for other in (
        "null",
        "https://evil.example",
        f"{origin}.evil.example",
        f"{origin}:8443",
        origin.replace("https", "http"),
        origin.upper(),
        f"{origin}/",
        f"{origin}, https://evil.example",
        "https://" + "x" * 400,
    ):
        for headers in ({"Origin": other}, {"Origin": other, "Cookie": "a=b"}, {"Origin": other, **asking}):
            method = "OPTIONS" if asking.items() <= headers.items() else "POST"
            refused = await http.request(method, path, headers=headers)
            assert not [name for name in refused.headers if name.startswith("access-control-allow")], other
    for sent in (preflight, answer):
        assert "access-control-allow-credentials" not in sent.headers


async def test_attack_74_nothing_else_is_for_other_origins(http: httpx.AsyncClient, origin: str) -> None:
    for path in ("/v1/me", "/oauth/introspect", "/v1/sessions", "/health/live"):
        for method in ("OPTIONS", "GET", "POST"):
            answer = await http.request(method, path, headers={"Origin": origin})
            assert not [name for name in answer.headers if name.startswith("access-control")], path
