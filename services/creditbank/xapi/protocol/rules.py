"""What is agreed about every request: the version, the names of agents, what a permission includes."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, get_args

Version = Literal["1.0.3", "2.0.0"]
VERSIONS: Final[tuple[Version, ...]] = get_args(Version)
NEWEST: Final[Version] = "2.0.0"
#: Requests of version 0.9 had no version header. One that has none is refused in that version's name, since
#: either later version could be meant (xAPI 1.0.3, part three, 3.3).
UNNAMED: Final = "0.9"

#: xAPI 1.0.3, part three, 4.2; those that only read are ours, and are included in others
Permission = Literal[
    "statements/write",
    "statements/read",
    "statements/read/mine",
    "state",
    "state/read",
    "define",
    "profile",
    "profile/read",
]
_EVERYTHING: Final[frozenset[str]] = frozenset(get_args(Permission))
_INCLUDED: Final[Mapping[str, frozenset[str]]] = {
    "all": _EVERYTHING,
    "all/read": frozenset({"statements/read", "statements/read/mine", "state/read", "profile/read"}),
    "statements/read": frozenset({"statements/read/mine"}),
    "state": frozenset({"state/read"}),
    "profile": frozenset({"profile/read"}),
}
#: what a credential or a machine's token may be given; a person's application asks `all` for documents of
#: profiles, since `profile` is OpenID Connect's there
Scope = Literal[
    "statements/write",
    "statements/read/mine",
    "statements/read",
    "state",
    "define",
    "profile",
    "all/read",
    "all",
]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)

#: the inverse functional identifiers of an agent, beside the account
_IDENTIFIERS: Final = ("mbox", "mbox_sha1sum", "openid")


def negotiated(header: str | None) -> Version | None:
    """The version a request is to be judged and answered by; None where there is none such (3.3)."""
    if header is None:
        return None
    if header == "1.0" or header.startswith("1.0."):
        return "1.0.3"
    if header == "2.0" or header.startswith("2.0."):
        return "2.0.0"
    return None


def expanded(scopes: Iterable[str]) -> frozenset[str]:
    """All permissions that come with these scopes; others among them mean nothing here."""
    held = frozenset[str]()
    for scope in scopes:
        held |= _INCLUDED.get(scope, frozenset()) | (_EVERYTHING & {scope})
    return held


def agent_key(agent: Mapping[str, Any]) -> str | None:
    """One text for all forms of a well-formed agent or identified group; None for an anonymous group.

    Two are the same if they have the same inverse functional identifier (part two, 2.4.2.3); neither their
    names nor their types matter. The space keeps the parts of an account apart: an IRI has none.
    """
    for name in _IDENTIFIERS:
        if name in agent:
            value = str(agent[name])
            return f"{name} {value.lower() if name == 'mbox_sha1sum' else value}"
    account = agent.get("account")
    return f"account {account['homePage']} {account['name']}" if isinstance(account, Mapping) else None


def authority_key(authority: Mapping[str, Any]) -> str:
    """One text for all statements of an authority, as doors have it: a pair is named by both its members."""
    named = agent_key(authority)
    return named if named is not None else " ".join(str(agent_key(one)) for one in authority["member"])


def accepts_gzip(header: str | None) -> bool:
    """Whether an Accept-Encoding header allows gzip (RFC 9110, section 12.5.3)."""
    for part in (header or "").lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() in ("gzip", "x-gzip"):
            quality = parameters.replace(" ", "")
            return not (quality.startswith("q=0") and not quality[3:].strip(".0"))
    return False
