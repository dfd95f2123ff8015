"""Bodies of the token endpoint; RFC 6749 and OpenID Connect Core fix the names."""

from typing import Any, Final, Literal

from pydantic import BaseModel

from services.auth.tokens.rules import ErrorCode


class TokenAnswer(BaseModel):
    """An access token (RFC 6749, section 5.1).

    A person's come with the next refresh token and, with the scope openid, an ID token.
    """

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None


class TokenError(BaseModel):
    """A refusal (RFC 6749, section 5.2)."""

    error: ErrorCode
    error_description: str


# How a client proves itself (RFC 6749, section 2.3; RFC 7523); by HTTP Basic as well.
PROOF: Final[dict[str, Any]] = {
    "client_id": {"type": "string"},
    "client_secret": {"type": "string", "format": "password"},
    "client_assertion_type": {"type": "string"},
    "client_assertion": {"type": "string", "description": "a signed JWT (RFC 7523)"},
}


def form(required: list[str], **properties: Any) -> dict[str, Any]:
    """A form as OpenAPI describes it. Ours are read by hand: no parser refuses repeated parameters."""
    schema = {"type": "object", "required": required, "properties": {**properties, **PROOF}}
    return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}


FORM: Final = form(
    ["grant_type"],
    grant_type={"type": "string", "enum": ["authorization_code", "refresh_token", "client_credentials"]},
    code={"type": "string", "description": "with authorization_code, as are the two that follow"},
    redirect_uri={"type": "string", "description": "exactly the one the code was sent to"},
    code_verifier={"type": "string", "description": "what the challenge was made of (RFC 7636)"},
    refresh_token={"type": "string", "description": "with refresh_token; each works once"},
    scope={"type": "string", "description": "separated by spaces; all that was granted unless given"},
    resource={"type": "string", "description": "an audience wanted (RFC 8707); may come repeatedly"},
)
