"""Bodies of introspection and revocation; RFC 7662 and RFC 7009 fix the names."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from services.auth.tokens.schemas import form


class Introspection(BaseModel):
    """What is true of a token (RFC 7662, section 2.2); nothing but `active` where that is false."""

    model_config = ConfigDict(extra="allow")

    active: bool
    scope: str | None = None
    client_id: str | None = None
    username: str | None = None
    token_type: str | None = None
    exp: int | None = None
    iat: int | None = None
    sub: str | None = None
    aud: list[str] | None = None
    iss: str | None = None
    jti: str | None = None


FORM: Final = form(
    ["token"],
    token={"type": "string", "description": "an access or refresh token"},
    token_type_hint={"type": "string", "description": "not needed: tokens tell what they are"},
)
