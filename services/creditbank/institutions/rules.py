"""The standing of an institution in the bank, and who may change it."""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, get_args
from uuid import UUID

Standing = Literal["unregistered", "applied", "reviewed", "registered", "suspended", "withdrawn"]
Act = Literal["apply", "review", "register", "refuse", "suspend", "reinstate", "withdraw"]

STATUSES: Final = ("active", "closed")
#: registered institutions may post; what a withdrawn one posted stays valid
STANDINGS: Final[tuple[str, ...]] = get_args(Standing)
ACTS: Final[tuple[str, ...]] = get_args(Act)
#: acts of the institution itself; all others are of those above it
OWN: Final = frozenset({"apply", "withdraw"})
#: acts that say why
NEEDS_REASON: Final = frozenset({"refuse", "suspend"})
_STEPS: Final[dict[Act, tuple[frozenset[str], Standing]]] = {
    "apply": (frozenset({"unregistered", "withdrawn"}), "applied"),
    "review": (frozenset({"applied"}), "reviewed"),
    "register": (frozenset({"reviewed"}), "registered"),
    "refuse": (frozenset({"applied", "reviewed"}), "unregistered"),
    "suspend": (frozenset({"registered"}), "suspended"),
    "reinstate": (frozenset({"suspended"}), "registered"),
    "withdraw": (frozenset({"applied", "reviewed", "registered", "suspended"}), "withdrawn"),
}
#: who did one of these last cannot do the act: maker is not checker
_OTHERS: Final[dict[Act, tuple[Act, ...]]] = {
    "review": ("apply",),
    "register": ("apply", "review"),
    "reinstate": ("suspend",),
}


class Change(NamedTuple):
    """One change of an institution's standing."""

    act: str
    by: UUID


def after(standing: str, act: Act) -> Standing | None:
    """The standing after an act, None where the act is not one of that standing."""
    before, then = _STEPS[act]
    return then if standing in before else None


def is_own_checker(act: Act, by: UUID, newest_first: Iterable[Change]) -> bool:
    """Whether somebody would approve what they did themselves, judged by the newest change of each kind."""
    open_acts = set(_OTHERS.get(act, ()))
    for change in newest_first:
        if change.act in open_acts:
            if change.by == by:
                return True
            open_acts.discard(change.act)
    return False
