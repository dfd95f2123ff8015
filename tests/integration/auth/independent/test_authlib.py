"""Authlib as client: every flow of this provider, by its metadata and nothing else."""

import asyncio
from typing import Any

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from tests.integration.auth.independent.provider import NATIVE, SCOPES, SIGNED_OUT, WEB, Provider


def new_key(algorithm: str) -> Any:
    """A private key as a client makes it."""
    about: Any = {"kid": algorithm, "alg": algorithm, "use": "sig"}
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", about)
    return RSAKey.generate_key(2048, about)


def session(client: dict[str, Any], method: str | None = None, **changes: Any) -> OAuth2Session:
    values: dict[str, Any] = {
        "scope": " ".join(client["scopes"]),
        "redirect_uri": client["redirect_uris"][0] if client["redirect_uris"] else None,
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": method,
        "revocation_endpoint_auth_method": method,
    } | changes
    return OAuth2Session(client["client_id"], client["client_secret"], **values)


def id_token_of(provider: Provider, client: dict[str, Any], token: dict[str, Any], nonce: str | None) -> Any:
    """The ID token, verified with the published keys and by Authlib's own rules."""
    keys = KeySet.import_key_set(requests.get(provider.metadata["jwks_uri"], timeout=10).json())
    found = jwt.decode(token["id_token"], keys, algorithms=[client["id_token_alg"]])
    options = {"iss": {"essential": True, "value": provider.issuer}}
    about = {"client_id": client["client_id"], "access_token": token["access_token"], "nonce": nonce}
    claims = CodeIDToken(found.claims, found.header, options, about)
    claims.validate(leeway=10)
    return claims


def sign_in(provider: Provider, client: dict[str, Any], program: OAuth2Session, **asked: Any) -> Any:
    """The whole code flow; the token and the nonce that was sent."""
    verifier, nonce = generate_token(48), generate_token(20)
    where, state = program.create_authorization_url(
        provider.metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **asked
    )
    answer = provider.person.goes_to(where, client["redirect_uris"][0])
    token = program.fetch_token(
        provider.metadata["token_endpoint"],
        authorization_response=answer,
        state=state,
        code_verifier=verifier,
    )
    return token, nonce


@pytest.mark.parametrize(
    ("kind", "method", "algorithm"),
    [
        ("web", "client_secret_basic", "RS256"),
        ("web", "client_secret_post", "ES256"),
        ("native", None, "RS256"),
        ("browser", None, "ES256"),
    ],
)
async def test_code_flow_userinfo_refresh_and_revocation(
    provider: Provider, kind: str, method: str | None, algorithm: str
) -> None:
    client = await provider.register(kind, id_token_alg=algorithm)
    metadata = provider.metadata

    def use() -> None:
        program = session(client, method)
        token, nonce = sign_in(provider, client, program)
        assert set(token["scope"].split()) == set(SCOPES)
        claims = id_token_of(provider, client, token, nonce)
        assert claims["sub"] == str(provider.teacher.id)
        told = program.get(metadata["userinfo_endpoint"]).json()
        assert (told["sub"], told["preferred_username"]) == (claims["sub"], provider.teacher.username)
        assert program.post(metadata["userinfo_endpoint"]).json() == told
        again = program.refresh_token(metadata["token_endpoint"])
        assert again["refresh_token"] != token["refresh_token"]
        assert id_token_of(provider, client, again, None)["sub"] == claims["sub"]
        if method is not None:
            seen = program.introspect_token(
                metadata["introspection_endpoint"],
                token=again["access_token"],
                token_type_hint="access_token",
                auth=program.client_auth(method),
            )
            assert seen.json()["active"] is True
        taken = program.revoke_token(
            metadata["revocation_endpoint"],
            token=again["refresh_token"],
            token_type_hint="refresh_token",
        )
        assert taken.status_code == 200
        assert program.get(metadata["userinfo_endpoint"]).status_code == 401

    await asyncio.to_thread(use)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_private_key_jwt(provider: Provider, algorithm: str) -> None:
    key = new_key(algorithm)
    keys = {"keys": [key.as_dict(private=False)]}
    machine = await provider.register("machine", scopes=["people.read"], public_keys=keys)
    web = await provider.register("web", public_keys=keys)
    endpoint = provider.metadata["token_endpoint"]

    def use() -> None:
        for client in (machine, web):
            program = session(client | {"client_secret": key}, "private_key_jwt")
            program.register_client_auth_method(
                PrivateKeyJWT(endpoint, alg=algorithm, headers={"kid": key.kid})
            )
            if client is machine:
                token = program.fetch_token(endpoint, grant_type="client_credentials")
                assert token["scope"] == "people.read"
            else:
                token, nonce = sign_in(provider, client, program)
                id_token_of(provider, client, token, nonce)

    await asyncio.to_thread(use)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_client_credentials(provider: Provider, method: str) -> None:
    client = await provider.register("machine", scopes=["people.read", "credits.read"])

    def use() -> None:
        program = session(client, method, scope="people.read")
        token = program.fetch_token(
            provider.metadata["token_endpoint"],
            grant_type="client_credentials",
            resource="urn:xuebu:auth",
        )
        assert token["scope"] == "people.read"
        root = provider.place.root
        assert program.get(f"{provider.issuer}/v1/organisations/{root}").status_code == 200

    await asyncio.to_thread(use)


async def test_an_expired_token_is_refreshed_by_itself(provider: Provider) -> None:
    client = await provider.register("web")
    kept: list[dict[str, Any]] = []

    def use() -> None:
        program = session(
            client,
            token_endpoint=provider.metadata["token_endpoint"],
            update_token=lambda token, **_: kept.append(token),
        )
        first, _ = sign_in(provider, client, program)
        program.token = dict(first) | {"expires_at": 1}
        assert program.get(provider.metadata["userinfo_endpoint"]).status_code == 200
        assert kept[0]["refresh_token"] != first["refresh_token"]

    await asyncio.to_thread(use)


async def test_prompt_none_max_age_claims_and_resource(provider: Provider) -> None:
    client = await provider.register("web")
    endpoint = provider.metadata["authorization_endpoint"]

    def use() -> None:
        person, verifier = provider.person, generate_token(48)
        program = session(client)

        def ask(**asked: Any) -> str:
            where, _ = program.create_authorization_url(endpoint, code_verifier=verifier, **asked)
            return person.goes_to(where, WEB)

        assert "error=login_required" in ask(prompt="none")
        ask()
        assert person.seen == ["/sign-in"]
        claims = '{"id_token": {"name": {"essential": true}, "auth_time": null}}'
        answer = ask(prompt="none", max_age=10000, claims=claims, resource="urn:xuebu:spaces")
        assert person.seen == ["/sign-in"]
        token = program.fetch_token(
            provider.metadata["token_endpoint"], authorization_response=answer, code_verifier=verifier
        )
        found = id_token_of(provider, client, token, None)
        assert found["name"] == "Li Chen"
        ask(prompt="login")
        assert person.seen == ["/sign-in", "/sign-in"]

    await asyncio.to_thread(use)


async def test_consent_is_asked_once_and_loopback_ports_vary(provider: Provider) -> None:
    client = await provider.register("native", needs_consent=True)

    def use() -> None:
        person = provider.person
        for port in (49201, 49202):
            verifier, redirect = generate_token(48), NATIVE.replace("49200", str(port))
            program = session(client, redirect_uri=redirect)
            where, state = program.create_authorization_url(
                provider.metadata["authorization_endpoint"], code_verifier=verifier
            )
            answer = person.goes_to(where, redirect)
            token = program.fetch_token(
                provider.metadata["token_endpoint"],
                authorization_response=answer,
                state=state,
                code_verifier=verifier,
            )
            id_token_of(provider, client, token, None)
        assert (person.seen.count("/sign-in"), person.seen.count("/consent")) == (1, 1)

    await asyncio.to_thread(use)


async def test_logout_at_the_wish_of_the_application(provider: Provider) -> None:
    client = await provider.register("web")
    endpoint = provider.metadata["end_session_endpoint"]

    def use() -> None:
        person, verifier = provider.person, generate_token(48)
        program = session(client)
        where, _ = program.create_authorization_url(
            provider.metadata["authorization_endpoint"], code_verifier=verifier
        )
        answer = person.goes_to(where, WEB)
        token = program.fetch_token(
            provider.metadata["token_endpoint"], authorization_response=answer, code_verifier=verifier
        )
        asked = {
            "id_token_hint": token["id_token"],
            "post_logout_redirect_uri": SIGNED_OUT,
            "state": "at the end",
        }
        address = requests.Request("GET", endpoint, params=asked).prepare().url
        assert address is not None
        assert person.goes_to(address, SIGNED_OUT) == f"{SIGNED_OUT}?state=at+the+end"
        silent, _ = program.create_authorization_url(
            provider.metadata["authorization_endpoint"], code_verifier=verifier, prompt="none"
        )
        assert "error=login_required" in person.goes_to(silent, WEB)

    await asyncio.to_thread(use)
