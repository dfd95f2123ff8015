"""What a token request may say (RFC 6749, 7636 and 8707), and what is granted for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote_plus

ErrorCode = Literal[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "temporarily_unavailable",
]
GrantType = Literal["authorization_code", "refresh_token", "client_credentials"]

OPENID: Final = "openid"
MAX_FIELDS: Final = 32
MAX_VALUE: Final = 1024
# What has a structure of its own: addresses, and tokens that are signed with RSA.
_LONGER: Final[Mapping[str, int]] = {
    "redirect_uri": 2048,
    "client_assertion": 4096,
    "token": 8192,
    "access_token": 8192,
}


class TokenRefused(Exception):
    """A request is refused with an error code of RFC 6749 (section 5.2) or RFC 8707 (section 2)."""

    def __init__(self, code: ErrorCode, why: str, *, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.why, self.status = code, why, status


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters of a request to one of the OAuth endpoints; `resource` alone may come repeatedly."""

    values: Mapping[str, str]
    resources: tuple[str, ...]

    def required(self, name: str) -> str:
        """The value of a parameter that must be there; raises TokenRefused."""
        try:
            return self.values[name]
        except KeyError:
            raise TokenRefused("invalid_request", f"{name} is missing.") from None

    @property
    def scopes(self) -> frozenset[str] | None:
        """The scopes asked for, None for all there are; raises TokenRefused."""
        scope = self.values.get("scope")
        if scope is None:
            return None
        scopes = frozenset(scope.split(" ")) - {""}
        if not scopes:
            raise TokenRefused("invalid_scope", "The scope is empty.")
        return scopes


def read_form(*, content_type: str | None, query: bytes, body: bytes) -> Form:
    """The form in these parts of an HTTP request; raises TokenRefused.

    No parameter may come twice, and one without a value counts as absent (RFC 6749, section 3.2).
    """
    if query:
        raise TokenRefused("invalid_request", "Parameters belong into the body, not into the address.")
    if (content_type or "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise TokenRefused("invalid_request", "The body must be application/x-www-form-urlencoded.")
    values: dict[str, str] = {}
    resources: list[str] = []
    for name, value in _pairs(body):
        if not value.isprintable() or (len(value) > MAX_VALUE and len(value) > _LONGER.get(name, 0)):
            raise TokenRefused("invalid_request", "A parameter is too long or not printable.")
        if name == "resource":
            resources.append(value)
        elif name in values:
            raise TokenRefused("invalid_request", "A parameter is repeated.")
        else:
            values[name] = value
    present = values if all(values.values()) else {name: value for name, value in values.items() if value}
    return Form(present, tuple(filter(None, resources)))


def _pairs(body: bytes) -> Iterator[tuple[str, str]]:
    """What a form says, decoded; half the work of the standard library's parser, for the hot path."""
    if body.count(b"&") >= MAX_FIELDS:
        raise TokenRefused("invalid_request", "The form has too many parameters.")
    try:
        for part in body.decode("ascii").split("&"):
            if part:
                name, _, value = part.partition("=")
                if "%" in part or "+" in part:
                    name, value = (unquote_plus(text, errors="strict") for text in (name, value))
                yield name, value
    except ValueError:
        raise TokenRefused("invalid_request", "The form cannot be read.") from None


def granted(
    held: frozenset[str],
    asked: frozenset[str] | None,
    resources: tuple[str, ...],
    meaning: Mapping[str, frozenset[str]],
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Scopes and audiences of a machine's token; raises TokenRefused for more than the client holds.

    `meaning` tells which scopes mean something at which audience.
    """
    wanted = held if asked is None else asked
    if not wanted <= held:
        raise TokenRefused("invalid_scope", "The client may not ask for this scope.")
    if not wanted:
        raise TokenRefused("invalid_scope", "The client holds no scope.")
    if not resources:
        return wanted, tuple(name for name, scopes in meaning.items() if scopes & wanted)
    if not meaning.keys() >= set(resources):
        raise TokenRefused("invalid_target", "There is no such resource.")
    meant = wanted & frozenset[str]().union(*(meaning[name] for name in resources))
    if not meant or (asked is not None and meant != wanted):
        raise TokenRefused("invalid_scope", "The scope means nothing at this resource.")
    return meant, tuple(dict.fromkeys(resources))


def narrowed(
    granted_scopes: frozenset[str],
    granted_audiences: tuple[str, ...],
    held: frozenset[str],
    asked: frozenset[str] | None,
    resources: tuple[str, ...],
    meaning: Mapping[str, frozenset[str]],
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Scopes and audiences of a person's token: what was granted, or part of it; raises TokenRefused.

    `held` are the scopes the client holds now: what was taken from it meanwhile is left out. Where openid is
    among the scopes, the userinfo endpoint stays an audience whatever resource is named.
    """
    if asked is not None and not asked <= granted_scopes:
        raise TokenRefused("invalid_scope", "The scope goes beyond what was granted.")
    if not set(resources) <= set(granted_audiences):
        raise TokenRefused("invalid_target", "The resource was not asked for when the person allowed this.")
    wanted = (granted_scopes if asked is None else asked) & held
    if resources:
        always = frozenset({OPENID}) & wanted
        named = [name for name in granted_audiences if name in resources or always & meaning[name]]
    else:
        named = [name for name in granted_audiences if meaning[name] & wanted]
    meant = wanted & frozenset[str]().union(*(meaning[name] for name in named))
    if not meant:
        raise TokenRefused("invalid_scope", "Nothing is left of the scope at this resource.")
    return meant, tuple(named)
