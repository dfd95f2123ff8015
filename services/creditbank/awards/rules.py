"""The life of an award, and what of it is judged again before it is granted."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from services.creditbank.programmes.rules import Allocation, Credit

STATES: Final = ("requested", "certified", "refused", "withdrawn", "rescinding", "rescinded")
#: those whose credits are spent
STANDING: Final = ("certified", "rescinding")
#: how long credits are set aside for a decision
HELD_DAYS: Final = 30


def facts(credits: Sequence[Credit], allocations: Sequence[Allocation]) -> dict[str, Any]:  # noqa: A002
    """All that the rules look at, as JSON: of the credits that count, and of what they count for."""
    counting = {one.key for one in allocations}
    return {
        "credits": [
            {
                "key": list(one.key),
                "amount": one.amount,
                "outcome": str(one.outcome),
                "issuer": str(one.issuer),
                "earned_on": one.earned_on.isoformat(),
                "grade": one.grade,
                "attempt": repr(one.attempt),
                "group": str(one.group) if one.group else None,
                "above": sorted(map(str, one.above)),
                "is_own": one.is_own,
                "is_accepted": one.is_accepted,
                "origin": one.origin,
            }
            for one in credits
            if one.key in counting
        ],
        "allocations": [
            {"key": list(one.key), "requirement": one.requirement, "amount": one.amount}
            for one in allocations
        ],
    }


def of_facts(stored: Mapping[str, Any]) -> tuple[list[Credit], list[Allocation]]:
    """What `facts` wrote."""
    return [
        Credit(
            key=tuple(one["key"]),
            amount=one["amount"],
            outcome=UUID(one["outcome"]),
            issuer=UUID(one["issuer"]),
            earned_on=date.fromisoformat(one["earned_on"]),
            grade=one["grade"],
            attempt=one["attempt"],
            group=UUID(one["group"]) if one["group"] else None,
            above=frozenset(map(UUID, one["above"])),
            is_own=one["is_own"],
            is_accepted=one["is_accepted"],
            origin=one["origin"],
        )
        for one in stored["credits"]
    ], [Allocation(tuple(one["key"]), one["requirement"], one["amount"]) for one in stored["allocations"]]
