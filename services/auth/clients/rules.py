"""What clients may be, which scopes exist, and which addresses a client may be answered at."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, Self, get_args

ClientStatus = Literal["active", "suspended"]
# A machine acts for itself; web, native and browser clients act for people. The latter two keep no secret.
ClientKind = Literal["machine", "web", "native", "browser"]
IdTokenAlgorithm = Literal["RS256", "ES256"]
# A client that is closed is shown to nobody; its row stays, so that its name is never another's.
STATUSES: Final[tuple[str, ...]] = (*get_args(ClientStatus), "closed")
KINDS: Final[tuple[str, ...]] = get_args(ClientKind)
ID_TOKEN_ALGORITHMS: Final[tuple[str, ...]] = get_args(IdTokenAlgorithm)
USUAL_SIGNATURE: Final = "RS256"

CONFIDENTIAL: Final = frozenset({"machine", "web"})
GRANT_TYPES: Final[dict[str, frozenset[str]]] = {
    "machine": frozenset({"client_credentials"}),
    "web": frozenset({"authorization_code", "refresh_token"}),
    "native": frozenset({"authorization_code", "refresh_token"}),
    "browser": frozenset({"authorization_code", "refresh_token"}),
}

# What xAPI 1.0.3 (part three, 4.2) lets be done in a learning record store.
RECORD_SCOPES: Final = (
    "statements/write",
    "statements/read/mine",
    "statements/read",
    "state",
    "define",
    "all/read",
    "all",
)
# One more of these in the token of a machine; in a person's it is OpenID Connect's.
PROFILE: Final = "profile"
# What an administrator may grant to a machine of the own organisation.
INSTITUTION_SCOPES: Final = frozenset(
    {"credits.post", "credits.read", "rosters.import", "people.read", *RECORD_SCOPES, PROFILE}
)
# What only the operator grants, at bootstrap: reading the feed of all organisations' events, and moving
# learners between the nodes of the credit bank.
PLATFORM_SCOPES: Final = frozenset({"events.read", "credits.move"})
# What a person's session carries; what the person may really do is decided by roles.
PERSON_SCOPES: Final = (
    "account",
    "organisations.manage",
    "people.read",
    "rosters.import",
    "spaces.read",
    "spaces.write",
    "credits.read",
    "credits.write",
)
# What OpenID Connect Core defines (sections 3.1.2.1, 5.4 and 11).
OPENID_SCOPES: Final = frozenset({"openid", "profile", "email", "phone", "address", "offline_access"})

# Which scopes mean something at which audience, in the token of a person and in that of a machine.
AUDIENCES: Final[dict[str, frozenset[str]]] = {
    "urn:xuebu:auth": frozenset(
        {"account", "organisations.manage", "people.read", "rosters.import", "events.read"}
    ),
    "urn:xuebu:spaces": frozenset({"spaces.read", "spaces.write", "events.read"}),
    "urn:xuebu:creditbank": frozenset(
        {"credits.read", "credits.write", "credits.post", "credits.move", "events.read", *RECORD_SCOPES}
    ),
}
MACHINE_AUDIENCES: Final[dict[str, frozenset[str]]] = {
    **AUDIENCES,
    "urn:xuebu:creditbank": AUDIENCES["urn:xuebu:creditbank"] | {PROFILE},
}

# How long the secrets of before work beside a new one unless told otherwise, and at most.
USUAL_OVERLAP_HOURS: Final = 24
LONGEST_OVERLAP_HOURS: Final = 720
MOST_SECRETS: Final = 4

# Refusals of a client within a window: how many one network may collect before it is told to wait, for one
# client and for all. An institution's own network may hold a forgotten machine that asks every few seconds.
REFUSAL_WINDOW_S: Final = 600
REFUSALS_OF_ONE_CLIENT: Final = 30
REFUSALS_OF_A_NETWORK: Final = 300

_LOOPBACK: Final = re.compile(
    r"(http://(?:127\.0\.0\.1|\[::1\]|localhost))(?::([1-9][0-9]{0,4}))?([/?].*)?\Z"
)
_ORIGIN: Final = re.compile(r"(https?://[^/?#]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wishes a client to be."""

    name: str
    kind: ClientKind
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    id_token_alg: IdTokenAlgorithm = USUAL_SIGNATURE
    needs_consent: bool = True

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """The wish that facts of these names express; others among them do not matter."""
        return cls(**_tupled({one.name: facts[one.name] for one in fields(cls)}))

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """The wish with some members replaced; others among the changes do not matter."""
        names = {one.name for one in fields(self)}
        return replace(self, **_tupled({name: one for name, one in changes.items() if name in names}))


def _tupled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}


def scopes_for(kind: str) -> frozenset[str]:
    """The scopes a client of this kind can hold at all, whatever its organisation's rights are."""
    if kind == "machine":
        return INSTITUTION_SCOPES
    return OPENID_SCOPES | frozenset(PERSON_SCOPES) | frozenset(RECORD_SCOPES)


def limited(scopes: frozenset[str], rights: Iterable[str]) -> frozenset[str]:
    """What is left of a client's scopes under the rights decided along its organisation's path.

    Each of `rights` is a list with spaces between. Scopes of the platform are no organisation's to withdraw.
    """
    for right in rights:
        scopes &= PLATFORM_SCOPES | frozenset(right.split(" "))
    return scopes


def refusals_allowed(of_network: int, of_client: int) -> bool:
    """Whether a refused client may ask again at once."""
    return of_network <= REFUSALS_OF_A_NETWORK and of_client <= REFUSALS_OF_ONE_CLIENT


def worth_remembering(count: int) -> bool:
    """Whether the refusal with this number in its window goes into the audit: 1, 10, 100 and so on.

    So a flood of refusals neither fills the audit nor holds its lock.
    """
    return set(str(count)) <= {"0", "1"} and str(count).count("1") == 1


def redirect_allowed(client_kind: str, registered: Sequence[str], asked: str) -> bool:
    """`asked` is, character by character, a registered address of a client that has any.

    An address at a loopback interface may have any port, since a program on a device takes one that is free
    (RFC 8252, section 7.3).
    """
    if client_kind == "machine":
        return False
    if asked in registered:
        return True
    portless = _without_port(asked)
    return portless is not None and any(portless == _without_port(one) for one in registered)


def origins(redirect_uris: Iterable[str]) -> frozenset[str]:
    """The web origins of these addresses, in the form that `origin_key` gives; for CORS."""
    found = (_ORIGIN.match(one) for one in redirect_uris)
    return frozenset(origin_key(match.group(1)) for match in found if match is not None)


def origin_key(origin: str) -> str:
    """An Origin header as it is compared: at a loopback interface without its port."""
    match = _LOOPBACK.match(origin)
    return match.group(1) if match is not None and match.group(3) is None and _is_port(match) else origin


def is_loopback(address: str) -> bool:
    """An http address at a loopback interface."""
    return _without_port(address) is not None


def _without_port(address: str) -> tuple[str, str] | None:
    """Origin without port, and the rest, of a loopback address; None of any other."""
    match = _LOOPBACK.match(address)
    return (match.group(1), match.group(3) or "") if match is not None and _is_port(match) else None


def _is_port(match: re.Match[str]) -> bool:
    return match.group(2) is None or int(match.group(2)) <= 65535


class ClientRefused(Exception):
    """A client did not prove itself: an error code of RFC 6749 (section 5.2) and the HTTP status with it.

    `retry_after` is set (seconds) with status 429, after too many refusals.
    """

    def __init__(
        self,
        code: Literal["invalid_request", "invalid_client"],
        why: str,
        *,
        status: int = 400,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code, self.why, self.status, self.retry_after = code, why, status, retry_after
