"""Token families: all that one redeemed code ever gives, and how long that may go on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args
from uuid import UUID

# Why a family ended: a code or refresh token came twice, its client gave it up, the person withdrew what the
# application was allowed, chose a new password, or may not act any more.
Ending = Literal["replayed", "revoked", "withdrawn", "password-changed", "suspended", "erased"]
ENDINGS: Final[tuple[str, ...]] = get_args(Ending)

# With offline_access a family outlives the session it began in; without, it ends with it.
OFFLINE: Final = "offline_access"
LONGEST_LIFE: Final = timedelta(days=30)
# A refresh token that nobody uses for so long is worth nothing any more.
LONGEST_PAUSE: Final = timedelta(days=14)
# What has ended is kept for a while, so that a replayed token is still recognised as one.
REMEMBERED_FOR: Final = timedelta(days=7)

# The condition, in SQL, under which family `f` of account `a` and session `s` still stands, `p` its person. A
# password chosen after the sign-in ends it, unless its session is the one that the new password let live on.
STANDING: Final = f"""
f.ended_at is null and f.expires_at > now() and a.state = 'active' and p.status = 'active'
and ('{OFFLINE}' = any(f.scopes) or (s.ended_at is null and s.expires_at > now()))
and (coalesce(a.password_changed_at <= f.authenticated_at, true)
  or (coalesce(s.ended_at > a.password_changed_at, true) and s.expires_at > a.password_changed_at))
"""


class RefreshRefused(Exception):
    """The refresh token is not one that this client may use now: `invalid_grant`."""


class RefreshReplayed(RefreshRefused):
    """The refresh token was used before: it has leaked, and its family must end."""

    def __init__(self, family: UUID) -> None:
        super().__init__("replayed")
        self.family = family


class ScopeNotGranted(Exception):
    """The scope asked for goes beyond the family's; the refresh token stays unused."""


class AudienceNotGranted(Exception):
    """A resource asked for is not one of the family's; the refresh token stays unused."""


@dataclass(frozen=True, slots=True)
class Family:
    """What was granted to a client for a person, when and how the person had signed in."""

    id: UUID
    client_id: UUID
    person_id: UUID
    session_id: UUID
    scopes: frozenset[str]
    audiences: tuple[str, ...]
    claims: Mapping[str, Any] | None
    authenticated_at: datetime
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """A family, its newest refresh token, and the second (since 1970) at which its tokens are issued.

    The second is the database's, read while the family was locked: whoever ends the family later revokes it
    with a later time.
    """

    family: Family
    refresh_token: str
    issued_at: int
