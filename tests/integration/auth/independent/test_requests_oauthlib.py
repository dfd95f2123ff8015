"""requests-oauthlib and oauthlib as clients: every flow of this provider."""

import asyncio
from typing import Any

import pytest
from oauthlib.oauth2 import BackendApplicationClient
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidScopeError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.integration.auth.independent.provider import SCOPES, Provider


def program_of(client: dict[str, Any], **changes: Any) -> OAuth2Session:
    values = {"redirect_uri": client["redirect_uris"][0], "scope": SCOPES, "pkce": "S256"} | changes
    return OAuth2Session(client["client_id"], **values)


def sign_in(
    provider: Provider, client: dict[str, Any], program: OAuth2Session, **proof: Any
) -> tuple[str, Any]:
    """The address at which the client was answered, and the token it got for that."""
    where, _ = program.authorization_url(provider.metadata["authorization_endpoint"], nonce="once")
    answer = provider.person.goes_to(where, client["redirect_uris"][0])
    endpoint = provider.metadata["token_endpoint"]
    return answer, program.fetch_token(endpoint, authorization_response=answer, **proof)


def proofs_of(client: dict[str, Any], how: str) -> dict[str, Any]:
    """The ways in which requests-oauthlib lets a client prove itself."""
    if how == "none":
        return {"include_client_id": True}
    if how == "post":
        return {"include_client_id": True, "client_secret": client["client_secret"]}
    return {"auth": HTTPBasicAuth(client["client_id"], client["client_secret"])}


@pytest.mark.parametrize(
    ("kind", "how"), [("web", "basic"), ("web", "post"), ("native", "none"), ("browser", "none")]
)
async def test_code_flow_userinfo_refresh_and_revocation(provider: Provider, kind: str, how: str) -> None:
    client = await provider.register(kind)
    endpoint, userinfo = provider.metadata["token_endpoint"], provider.metadata["userinfo_endpoint"]
    named = {} if how == "basic" else {"client_id": client["client_id"]}
    secret = {"client_secret": client["client_secret"]} if how == "post" else {}

    def use() -> None:
        program = program_of(client)
        answer, token = sign_in(provider, client, program, **proofs_of(client, how))
        assert set(token["scope"]) == set(SCOPES)
        told = program.get(userinfo).json()
        assert told["sub"] == str(provider.teacher.id)
        auth = proofs_of(client, how).get("auth")
        again = program.refresh_token(endpoint, auth=auth, **named, **secret)
        assert again["refresh_token"] != token["refresh_token"]
        assert program.get(userinfo).json() == told
        address, headers, body = program._client.prepare_token_revocation_request(
            provider.metadata["revocation_endpoint"],
            again["refresh_token"],
            "refresh_token",
            **named,
            **secret,
        )
        taken = program.post(address, headers=headers, data=body, auth=auth, withhold_token=True)
        assert (taken.status_code, taken.content) == (200, b"")
        assert program.get(userinfo).status_code == 401
        with pytest.raises(InvalidGrantError):
            program.refresh_token(
                endpoint, auth=auth, refresh_token=again["refresh_token"], **named, **secret
            )
        with pytest.raises(InvalidGrantError):
            program.fetch_token(endpoint, authorization_response=answer, **proofs_of(client, how))

    await asyncio.to_thread(use)


async def test_an_expired_token_is_refreshed_by_itself(provider: Provider) -> None:
    client = await provider.register("browser")
    kept: list[dict[str, Any]] = []

    def use() -> None:
        program = program_of(
            client,
            auto_refresh_url=provider.metadata["token_endpoint"],
            auto_refresh_kwargs={"client_id": client["client_id"]},
            token_updater=kept.append,
        )
        _, first = sign_in(provider, client, program, include_client_id=True)
        program.token = dict(first) | {"expires_in": -1, "expires_at": 1}
        assert program.get(provider.metadata["userinfo_endpoint"]).status_code == 200
        assert kept[0]["refresh_token"] != first["refresh_token"]

    await asyncio.to_thread(use)


async def test_client_credentials_and_introspection(provider: Provider) -> None:
    client = await provider.register("machine", scopes=["people.read", "credits.read"])
    proof = HTTPBasicAuth(client["client_id"], client["client_secret"])

    def use() -> None:
        program = OAuth2Session(client=BackendApplicationClient(client["client_id"]))
        endpoint = provider.metadata["token_endpoint"]
        token = program.fetch_token(endpoint, auth=proof)
        assert set(token["scope"]) == {"people.read", "credits.read"}
        by_form = program.fetch_token(
            endpoint, client_secret=client["client_secret"], include_client_id=True, scope=["people.read"]
        )
        assert by_form["scope"] == ["people.read"]
        seen = program.post(
            provider.metadata["introspection_endpoint"],
            data={"token": by_form["access_token"]},
            auth=proof,
            withhold_token=True,
        )
        assert (seen.json()["active"], seen.json()["client_id"]) == (True, client["client_id"])
        with pytest.raises(InvalidScopeError):
            program.fetch_token(endpoint, auth=proof, scope=["openid"])

    await asyncio.to_thread(use)
