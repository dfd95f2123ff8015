"""Who may ask about a token that was issued (RFC 7662, section 2.1), and who may take it back (RFC 7009)."""

from typing import Final

# The platform's own services, to which all access tokens are addressed, hold this scope and no organisation.
SERVICE_SCOPE: Final = "events.read"


def may_inspect(
    client_id: str, *, is_service: bool, scopes: frozenset[str], token_client_id: str | None
) -> bool:
    """Whether a client is told of an access token: its own, or any one if it is a service of the platform."""
    return token_client_id == client_id or (is_service and SERVICE_SCOPE in scopes)
