"""Making tokens: the claims of access tokens (RFC 9068) and of ID tokens (OpenID Connect Core, section 2)."""

import base64
import hashlib
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import orjson

from libs.common.ids import new_id
from services.auth.clients.service import Client
from services.auth.families.service import Turn
from services.auth.keys.rules import Algorithm
from services.auth.keys.service import KeyRing
from services.auth.people.rules import ActiveRole


@dataclass(frozen=True, slots=True)
class Issued:
    """What a token request is answered with."""

    access_token: str
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None


class Mint:
    """Signs the tokens of one issuer: access tokens with ES256, ID tokens as the client wishes."""

    def __init__(self, ring: KeyRing, *, issuer: str, life_seconds: int) -> None:
        self._ring, self._issuer, self._life_seconds = ring, issuer, life_seconds

    def for_client(self, client: Client, scopes: frozenset[str], audiences: Sequence[str]) -> Issued:
        """A token for a machine; `org` tells whose it is, services of the platform have none."""
        extra = {"org": str(client.organisation_id)} if client.organisation_id else {}
        return self._issue(client.id, client.client_id, scopes, audiences, extra)

    def for_family(
        self,
        client: Client,
        turn: Turn,
        scopes: frozenset[str],
        audiences: Sequence[str],
        role: ActiveRole | None,
    ) -> Issued:
        """A token by which a client acts for a person; it ends with its family."""
        family = turn.family
        extra = {"sid": str(family.session_id), "family": str(family.id), **_role(role)}
        return self._issue(
            family.person_id, client.client_id, scopes, audiences, extra, issued_at=turn.issued_at
        )

    def id_token(
        self,
        client: Client,
        turn: Turn,
        access_token: str,
        *,
        acr: str,
        nonce: str | None,
        about: Mapping[str, Any],
    ) -> str:
        """Who signed in, when and how, for the client alone; `about` are the claims it asked for besides."""
        family, now = turn.family, turn.issued_at
        claims = {
            **about,
            "iss": self._issuer,
            "sub": str(family.person_id),
            "aud": client.client_id,
            "iat": now,
            "exp": now + self._life_seconds,
            "jti": str(new_id()),
            "auth_time": int(family.authenticated_at.timestamp()),
            "acr": acr,
            "amr": list(family.methods),
            "sid": str(family.session_id),
            "at_hash": _half_hash(access_token),
        }
        if nonce is not None:
            claims["nonce"] = nonce
        return self._ring.sign(orjson.dumps(claims), "JWT", cast(Algorithm, client.id_token_alg))

    def _issue(
        self,
        subject: UUID,
        client_id: str,
        scopes: Collection[str],
        audiences: Sequence[str],
        extra: Mapping[str, Any],
        *,
        issued_at: int | None = None,
    ) -> Issued:
        now = int(time.time()) if issued_at is None else issued_at
        scope = " ".join(sorted(scopes))
        claims = {
            "iss": self._issuer,
            "sub": str(subject),
            "aud": list(audiences),
            "client_id": client_id,
            "iat": now,
            "exp": now + self._life_seconds,
            "jti": str(new_id()),
            "scope": scope,
            **extra,
        }
        return Issued(self._ring.sign(orjson.dumps(claims), "at+jwt"), self._life_seconds, scope)


def _role(role: ActiveRole | None) -> dict[str, Any]:
    if role is None:
        return {}
    return {"role": {"role": role.role, "organisation": str(role.organisation)}}


def _half_hash(token: str) -> str:
    """The left half of the SHA-256 of a token, which both signing algorithms use (OIDC Core, 3.1.3.6)."""
    digest = hashlib.sha256(token.encode("ascii")).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
