"""What clients may be and which scopes exist."""

from typing import Final, Literal, get_args

ClientStatus = Literal["active", "suspended"]
STATUSES: Final[tuple[str, ...]] = get_args(ClientStatus)

# What an administrator may grant to a client of the own organisation.
INSTITUTION_SCOPES: Final = frozenset({"credits.post", "credits.read", "rosters.import", "people.read"})
# What only the platform itself grants, at bootstrap: reading the feed of all organisations' events.
PLATFORM_SCOPES: Final = frozenset({"events.read"})
# What a person's session carries; what the person may really do is decided by roles.
PERSON_SCOPES: Final = (
    "account",
    "organisations.manage",
    "people.read",
    "rosters.import",
    "spaces.read",
    "spaces.write",
    "credits.read",
)

# Which scopes mean something at which audience.
AUDIENCES: Final[dict[str, frozenset[str]]] = {
    "urn:xuebu:auth": frozenset(
        {"account", "organisations.manage", "people.read", "rosters.import", "events.read"}
    ),
    "urn:xuebu:spaces": frozenset({"spaces.read", "spaces.write", "events.read"}),
    "urn:xuebu:creditbank": frozenset({"credits.read", "credits.post", "events.read"}),
}


def audiences_of(scopes: frozenset[str]) -> tuple[str, ...]:
    """The audiences at which at least one of the scopes means something, in a fixed order."""
    return tuple(name for name, meant in AUDIENCES.items() if meant & scopes)
