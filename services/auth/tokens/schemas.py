"""Bodies of the token endpoint; RFC 6749 fixes the names."""

from typing import Any, Final, Literal

from pydantic import BaseModel

from services.auth.tokens.rules import ErrorCode


class TokenAnswer(BaseModel):
    """An access token (RFC 6749, section 5.1)."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str


class TokenError(BaseModel):
    """A refusal (RFC 6749, section 5.2)."""

    error: ErrorCode
    error_description: str


# The form is read by hand, because no parser of forms refuses repeated parameters; this documents it.
FORM: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"type": "string", "const": "client_credentials"},
                    "scope": {
                        "type": "string",
                        "description": "space-separated; default: all the client has",
                    },
                    "resource": {"type": "string", "description": "the audience wanted (RFC 8707)"},
                    "client_id": {"type": "string"},
                    "client_secret": {"type": "string", "format": "password"},
                    "client_assertion_type": {"type": "string"},
                    "client_assertion": {"type": "string", "description": "a signed JWT (RFC 7523)"},
                },
            }
        }
    },
}
