"""How a client proves itself, at every endpoint of OAuth 2.0 that asks for it."""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from libs.common.tokens import LEEWAY_SECONDS
from services.auth.clients import assertions, repository
from services.auth.clients.credentials import Presented, read_credentials
from services.auth.clients.finding import ClientFinder
from services.auth.clients.rules import CONFIDENTIAL, ClientRefused, limited

_NOTHING: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Client:
    """An active client. `scopes` is what it holds now, withdrawn rights of its organisation left out."""

    id: UUID
    client_id: str
    name: str
    kind: str
    organisation_id: UUID | None
    scopes: frozenset[str]
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    id_token_alg: str
    needs_consent: bool


def digest_of(secret: str) -> bytes:
    """How a secret is stored: it is random, so one SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


async def find(finder: ClientFinder, client_id: str) -> Client | None:
    """The active client of this name. Suspended ones, and those of closed organisations, are unknown."""
    row = await finder.find_active(client_id)
    return None if row is None else _client(row)


async def authenticate(
    finder: ClientFinder,
    pool: Any,
    authorization: str | None,
    form: Mapping[str, str],
    *,
    audiences: Collection[str],
    now: datetime,
    network: str = "unknown",
) -> Client:
    """The client that this request proves to be its sender; raises ClientRefused.

    By client_secret_basic, client_secret_post or private_key_jwt; a client that keeps no secret only names
    itself. Suspended clients, and those of closed organisations, are like unknown ones. `audiences` are the
    names under which an assertion may address this server: the issuer and the endpoint's own address.
    """
    presented = read_credentials(authorization, form)
    row = await finder.find_active(presented.client_id)
    why = await _what_is_wrong(pool, row, presented, audiences, now)
    if why is None:
        return _client(row)
    retry_after = await finder.count_refusal(network, presented.client_id, row, why)
    if retry_after:
        raise ClientRefused("invalid_client", "Too many refusals; wait.", status=429, retry_after=retry_after)
    raise ClientRefused("invalid_client", "The client is unknown or did not prove itself.", status=401)


async def _what_is_wrong(
    pool: Any, row: Any, presented: Presented, audiences: Collection[str], now: datetime
) -> str | None:
    """None for a client that proved itself; else the reason, for the audit and for nobody else."""
    if presented.method == "secret":
        return _wrong_secret(row, presented.proof)
    if row is None:
        return "unknown"
    if presented.method == "none":
        return "credentials missing" if row["kind"] in CONFIDENTIAL else None
    return await _wrong_assertion(pool, row, presented.proof, audiences, now)


def _wrong_secret(row: Any, secret: str) -> str | None:
    """Compared in constant time; the same work whether or not there is such a client."""
    offered = digest_of(secret)
    stored = row["digests"] if row is not None and row["digests"] else [_NOTHING]
    matches = [hmac.compare_digest(offered, digest) for digest in stored]
    if row is None:
        return "unknown"
    return None if any(matches) and row["kind"] in CONFIDENTIAL else "secret"


async def _wrong_assertion(
    pool: Any, row: Any, token: str, audiences: Collection[str], now: datetime
) -> str | None:
    if row["public_keys"] is None or row["kind"] not in CONFIDENTIAL:
        return "keys missing"
    try:
        assertion = assertions.verify(
            token,
            assertions.key_table(row["public_keys"]),
            client_id=row["client_id"],
            audiences=audiences,
            now=now.timestamp(),
        )
    except assertions.InvalidAssertion as error:
        return f"assertion: {error}"
    digest = hashlib.sha256(row["id"].bytes + assertion.jti.encode("utf-8", "surrogatepass")).digest()
    forgotten_at = datetime.fromtimestamp(assertion.expires_at + 2 * LEEWAY_SECONDS, UTC)
    used_first = await repository.use_assertion(pool, row["id"], digest, forgotten_at)
    return None if used_first else "assertion: used before"


def _client(row: Any) -> Client:
    return Client(
        row["id"],
        row["client_id"],
        row["name"],
        row["kind"],
        row["organisation_id"],
        limited(frozenset(row["scopes"]), row["limits"]),
        tuple(row["redirect_uris"]),
        tuple(row["post_logout_redirect_uris"]),
        row["id_token_alg"],
        row["needs_consent"],
    )
