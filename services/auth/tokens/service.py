"""Access tokens: their claims, and who gets one."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from libs.common.ids import new_id
from services.auth.clients import service as clients
from services.auth.clients.rules import AUDIENCES, GRANT_TYPES, PERSON_SCOPES
from services.auth.keys.service import KeyRing
from services.auth.tokens.rules import FIRST_PARTY_CLIENT, TokenRefused, TokenRequest, granted


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh access token and what it grants."""

    access_token: str
    expires_in: int
    scope: str


class Mint:
    """Signs access tokens for one issuer."""

    def __init__(self, ring: KeyRing, *, issuer: str, life_seconds: int) -> None:
        self._ring, self._issuer, self._life_seconds = ring, issuer, life_seconds

    def for_client(self, client: clients.Client, scopes: frozenset[str], audiences: Sequence[str]) -> Issued:
        """A token for a machine; `org` tells whose it is, services of the platform have none."""
        extra = {"org": str(client.organisation_id)} if client.organisation_id else {}
        return self._issue(client.id, client.client_id, scopes, audiences, extra)

    def for_person(self, person: UUID, session: UUID) -> Issued:
        """A token for a person's session; what the person may do is decided by roles, not by scopes."""
        return self._issue(person, FIRST_PARTY_CLIENT, PERSON_SCOPES, tuple(AUDIENCES), {"sid": str(session)})

    def _issue(
        self,
        subject: UUID,
        client_id: str,
        scopes: frozenset[str] | Sequence[str],
        audiences: Sequence[str],
        extra: Mapping[str, Any],
    ) -> Issued:
        now = int(time.time())
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


async def client_credentials(
    finder: clients.ClientFinder,
    pool: Any,
    mint: Mint,
    request: TokenRequest,
    *,
    audiences: Collection[str],
    now: datetime,
    network: str,
) -> Issued:
    """A token for a client that proves itself; raises ClientRefused and TokenRefused."""
    client = await clients.authenticate(
        finder,
        pool,
        request.authorization,
        request.form,
        audiences=audiences,
        now=now,
        network=network,
    )
    if "client_credentials" not in GRANT_TYPES[client.kind]:
        raise TokenRefused("unauthorized_client", "This client acts for people, not for itself.")
    scopes, names = granted(client.scopes, request, AUDIENCES)
    return mint.for_client(client, scopes, names)
