"""What a client is told about the person who signed in."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import orjson

from libs.common.tokens import Claims
from services.auth.sql import Where
from services.auth.userinfo import repository
from services.auth.userinfo.rules import asked_for, claims_of, claims_of_scopes


async def userinfo(pool: Any, token: Claims) -> dict[str, Any] | None:
    """The answer of the userinfo endpoint for a verified token; None once it is not to be believed.

    `sub`, what the token's scopes ask for, and what the `claims` parameter asked for by name.
    """
    family = token.members.get("family")
    if token.session is None or token.client_id is None or not isinstance(family, str):
        return None
    row = await repository.facts_for_token(
        pool,
        UUID(token.subject),
        UUID(family),
        token.client_id,
        token.token_id,
        token.session,
        token.issued_at,
    )
    if row is None:
        return None
    asked = orjson.loads(row["claims"]) if row["claims"] is not None else None
    allowed = frozenset(row["allowed"]) | token.scopes
    names = claims_of_scopes(token.scopes) | asked_for(asked, "userinfo", allowed)
    return {"sub": token.subject} | _only(names, claims_of(row))


async def for_id_token(
    where: Where, person: UUID, client: UUID, scopes: Collection[str], claims: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The claims about a person that the `claims` parameter asked to have in the ID token."""
    if not (claims or {}).get("id_token"):
        return {}
    row = await repository.facts_for_client(where, person, client)
    assert row is not None  # the family refers to both
    allowed = frozenset(row["allowed"]) | frozenset(scopes)
    return _only(asked_for(claims, "id_token", allowed), claims_of(row))


def _only(names: Collection[str], known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in known.items() if name in names}
