"""Authlib as a whole application that signs people in, and as a service that is called (RFC 9068)."""

import asyncio
import warnings
from typing import Any

import pytest
from authlib.oauth2.rfc6750.errors import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet
from starlette.requests import Request

from tests.integration.auth.independent.provider import SIGNED_OUT, WEB, Provider

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it announces another HTTP client
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.starlette_client import OAuth


def request(session: dict[str, Any], query: str = "") -> Request:
    """A request to the application, of the browser that has this session there."""
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "server": ("app.example", 443),
        "path": "/callback",
        "headers": [],
        "query_string": query.encode(),
        "session": session,
    }
    return Request(scope)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_an_application_knows_only_the_address_of_the_metadata(
    provider: Provider, algorithm: str
) -> None:
    client = await provider.register("web", id_token_alg=algorithm)
    application = OAuth().register(
        "xuebu",
        client_id=client["client_id"],
        client_secret=client["client_secret"],
        server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    )
    session: dict[str, Any] = {}
    sent = await application.authorize_redirect(request(session), WEB)
    person = provider.person
    answer = await asyncio.to_thread(person.goes_to, sent.headers["location"], WEB)
    query = answer.partition("?")[2]
    assert "iss=" in query
    token = await application.authorize_access_token(request(session, query))
    assert token["userinfo"]["sub"] == str(provider.teacher.id)
    told = await application.userinfo(token=token)
    assert told["preferred_username"] == provider.teacher.username
    out = await application.create_logout_url(SIGNED_OUT, id_token_hint=token["id_token"])
    assert (await asyncio.to_thread(person.goes_to, out["url"], SIGNED_OUT)).startswith(SIGNED_OUT)
    with pytest.raises(OAuthError, match="invalid_grant"):  # the code comes again, with the session of before
        await application.fetch_access_token(
            redirect_uri=WEB, code=query.partition("code=")[2].partition("&")[0], code_verifier="x" * 43
        )


class Validator(JWTBearerTokenValidator):  # type: ignore[misc]
    """A service that knows the issuer's keys."""

    def __init__(self, provider: Provider, keys: KeySet, resource: str) -> None:
        super().__init__(issuer=provider.issuer, resource_server=resource)
        self._keys = keys

    def get_jwks(self) -> KeySet:
        return self._keys


async def test_a_service_validates_access_tokens_by_rfc_9068(provider: Provider) -> None:
    keys = KeySet.import_key_set({"keys": [key for key in await _keys(provider) if key["alg"] == "ES256"]})
    machine = await provider.register("machine", scopes=["credits.read"])
    form = {"grant_type": "client_credentials", "resource": "urn:xuebu:creditbank"}
    proof = (machine["client_id"], machine["client_secret"])
    answer = await provider.place.admin.http.post("/oauth/token", data=form, auth=proof)
    token = answer.json()["access_token"]
    person = provider.teacher.http.headers["Authorization"].removeprefix("Bearer ")
    own = Validator(provider, keys, "urn:xuebu:creditbank")
    for text, subject in ((token, machine["id"]), (person, str(provider.teacher.id))):
        claims = own.authenticate_token(text)
        own.validate_token(claims, ["credits.read"], None)
        assert claims["sub"] == subject
    with pytest.raises(InsufficientScopeError):
        own.validate_token(own.authenticate_token(token), ["credits.post"], None)
    other = Validator(provider, keys, "urn:xuebu:spaces")
    with pytest.raises(InvalidTokenError):
        other.validate_token(other.authenticate_token(token), [], None)


async def _keys(provider: Provider) -> list[dict[str, Any]]:
    answer = await provider.place.admin.http.get("/.well-known/jwks.json")
    listed: list[dict[str, Any]] = answer.json()["keys"]
    return listed
