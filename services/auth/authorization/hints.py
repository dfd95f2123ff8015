"""ID tokens that come back to us as hints (OpenID Connect Core, 3.1.2.1; RP-Initiated Logout, section 2)."""

from dataclasses import dataclass
from uuid import UUID

from libs.common.tokens import (
    LEEWAY_SECONDS,
    MAX_TOKEN_CHARACTERS,
    InvalidToken,
    KeyTable,
    UnknownKey,
    canonical,
    json_object,
    verify,
)


class HintRefused(Exception):
    """The hint is not an ID token of ours for this client."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Whom an ID token of ours was about, in which session, and for which client (its `client_id`)."""

    person: UUID
    session: UUID | None
    client_id: str


def read_hint(keys: KeyTable, token: str, *, issuer: str, client_id: str | None, now: float) -> Hint | None:
    """What an ID token says, however long ago it expired; its signature, issuer and audience hold.

    None for one whose key we no longer publish: it may have been ours, but nothing proves it any more.
    Raises HintRefused for anything else that is not an ID token of ours, or not this client's.
    """
    try:
        issued_at, audience = _unproven(token)
        if issued_at > now + LEEWAY_SECONDS or client_id not in (None, audience):
            raise HintRefused
        claims = verify(token, keys, issuer=issuer, audience=audience, use="id", now=issued_at)
        session = UUID(claims.session) if claims.session is not None else None
        return Hint(UUID(claims.subject), session, audience)
    except UnknownKey:
        return None
    except (InvalidToken, ValueError):
        raise HintRefused from None


def _unproven(token: str) -> tuple[int, str]:
    """When and for whom the token claims to be; raises InvalidToken or ValueError where it claims nothing."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_TOKEN_CHARACTERS:
        raise ValueError("not a token")
    try:
        members = json_object(canonical(parts[1]))
    except RecursionError:
        raise ValueError("not a token") from None
    issued_at, audience = members.get("iat"), members.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        (audience,) = audience
    if type(issued_at) is not int or not isinstance(audience, str):
        raise ValueError("not an ID token")
    return issued_at, audience
