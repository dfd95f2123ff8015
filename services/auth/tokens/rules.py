"""What goes into an access token (RFC 9068), and what a token request may say (RFC 6749)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl

ErrorCode = Literal[
    "invalid_request",
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "temporarily_unavailable",
]

FIRST_PARTY_CLIENT: Final = "xuebu"
MAX_FIELDS: Final = 32
MAX_VALUE: Final = 1024
MAX_ASSERTION: Final = 4096
_GRANT: Final = "client_credentials"


class TokenRefused(Exception):
    """A token request is refused with an error code of RFC 6749 (section 5.2) or RFC 8707."""

    def __init__(self, code: ErrorCode, why: str, *, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.why, self.status = code, why, status


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A well-formed client_credentials request; `scopes` None asks for all the client has.

    `authorization` and `form` are what the client proves itself with.
    """

    authorization: str | None
    form: Mapping[str, str]
    scopes: frozenset[str] | None
    resource: str | None


def read_request(
    *, content_type: str | None, authorization: str | None, query: bytes, body: bytes
) -> TokenRequest:
    """The token request of these parts of an HTTP request; raises TokenRefused."""
    if query:
        raise TokenRefused("invalid_request", "Parameters belong into the body, not into the address.")
    if (content_type or "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise TokenRefused("invalid_request", "The body must be application/x-www-form-urlencoded.")
    form = _form(body)
    grant = form.get("grant_type")
    if grant is None:
        raise TokenRefused("invalid_request", "grant_type is missing.")
    if grant != _GRANT:
        raise TokenRefused("unsupported_grant_type", "The grant type here is client_credentials.")
    scope = form.get("scope")
    scopes = frozenset(scope.split(" ")) - {""} if scope is not None else None
    if scopes is not None and not scopes:
        raise TokenRefused("invalid_scope", "The scope is empty.")
    return TokenRequest(authorization, form, scopes, form.get("resource"))


def _form(body: bytes) -> dict[str, str]:
    """The form's parameters; none may come twice, empty ones count as absent (RFC 6749, section 3.2)."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError:
        raise TokenRefused("invalid_request", "The form cannot be read.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise TokenRefused("invalid_request", "A parameter is repeated.")
    if any(len(value) > _longest(name) or not value.isprintable() for name, value in form.items()):
        raise TokenRefused("invalid_request", "A parameter is too long or not printable.")
    return {name: value for name, value in form.items() if value}


def _longest(name: str) -> int:
    """A client assertion signed with RSA is longer than any other value."""
    return MAX_ASSERTION if name == "client_assertion" else MAX_VALUE


def granted(
    held: frozenset[str], request: TokenRequest, audiences: Mapping[str, frozenset[str]]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """The scopes and audiences of the token; raises TokenRefused for more than the client holds."""
    wanted = held if request.scopes is None else request.scopes
    if not wanted <= held:
        raise TokenRefused("invalid_scope", "The client may not ask for this scope.")
    if request.resource is not None:
        if request.resource not in audiences:
            raise TokenRefused("invalid_target", "There is no such resource.")
        meant = wanted & audiences[request.resource]
        if not meant or (request.scopes is not None and meant != wanted):
            raise TokenRefused("invalid_scope", "The scope means nothing at this resource.")
        return meant, (request.resource,)
    if not wanted:
        raise TokenRefused("invalid_scope", "The client holds no scope.")
    return wanted, tuple(name for name, scopes in audiences.items() if scopes & wanted)
