"""What stands in the way of saying that two records are of one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

Conflict = Literal[
    "own_record",
    "erasure_asked",
    "account_suspended",
    "second_factor_lost",
    "same_roster",
    "guardian_of_each_other",
    "birth_dates_differ",
    "master_identifiers_differ",
]
#: taken from the other record where the survivor has none
FILLED: Final = (
    "middle_name",
    "preferred_name",
    "email",
    "phone",
    "address",
    "birth_date",
    "master_identifier",
)
#: shown side by side where both have one
COMPARED: Final = ("given_name", "family_name", *FILLED)
AccountOf = Literal["survivor", "other"]


@dataclass(frozen=True, slots=True)
class Record:
    """One of the two records, as far as a merge depends on it; the counts are of what is open."""

    id: UUID
    status: str
    given_name: str
    family_name: str
    middle_name: str | None
    preferred_name: str | None
    email: str | None
    phone: str | None
    address: str | None
    birth_date: date | None
    master_identifier: str | None
    decided: Sequence[str]
    source_id: UUID | None
    is_gone: bool
    username: str | None
    account: str | None
    has_second_factor: bool
    is_erasure_asked: bool
    rosters: Sequence[UUID]
    identifiers: int
    roles: int
    enrolments: int
    guardians: int
    children: int


def kept_account(survivor: Record, other: Record) -> AccountOf | None:
    """Whose user name and password stay: the survivor's, unless only the other's was ever in use."""
    if other.account == "active" and survivor.account in (None, "invited"):
        return "other"
    if survivor.account is not None:
        return "survivor"
    return "other" if other.account is not None else None


def filled(survivor: Record, other: Record) -> list[str]:
    """The facts that come from the other record."""
    return [name for name in FILLED if getattr(survivor, name) is None and getattr(other, name) is not None]


def differing(survivor: Record, other: Record) -> list[str]:
    """The facts that both have and that differ: the survivor's stay."""
    return [
        name
        for name in COMPARED
        if None not in (getattr(survivor, name), getattr(other, name))
        and getattr(survivor, name) != getattr(other, name)
    ]


def conflicts(survivor: Record, other: Record, *, actor: UUID | None, care_between: bool) -> list[Conflict]:
    """What somebody has to settle first; nothing of this can be overridden."""
    different = differing(survivor, other)
    found: dict[Conflict, bool] = {
        # Whoever decides this must not be the one who gains by it.
        "own_record": actor in (survivor.id, other.id),
        "erasure_asked": survivor.is_erasure_asked or other.is_erasure_asked,
        # A suspension must not end by a merge, nor a sound account fall under one.
        "account_suspended": "disabled" in (survivor.account, other.account),
        # Its secret is sealed for the one person id.
        "second_factor_lost": kept_account(survivor, other) == "other" and other.has_second_factor,
        # While one roster has them as two, every import of it would contradict.
        "same_roster": bool(set(survivor.rosters) & set(other.rosters)),
        "guardian_of_each_other": care_between,
        "birth_dates_differ": "birth_date" in different,
        "master_identifiers_differ": "master_identifier" in different,
    }
    return [conflict for conflict, stands in found.items() if stands]
