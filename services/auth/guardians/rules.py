"""A guardian's consent: what can be decided after what, and what the decisions of several come to."""

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal, get_args

Decision = Literal["given", "refused", "withdrawn"]
Consent = Literal["not-needed", "missing", "given", "refused", "withdrawn"]

DECISIONS: Final[tuple[str, ...]] = get_args(Decision)
AGE_OF_CONSENT: Final = 14
AGE_OF_MAJORITY: Final = 18


def fourteen_on(birth: date) -> date:
    """The day of the fourteenth birthday; of whoever was born on 29 February, 1 March in other years."""
    try:
        return birth.replace(year=birth.year + AGE_OF_CONSENT)
    except ValueError:
        return date(birth.year + AGE_OF_CONSENT, 3, 1)


def can_follow(before: Decision | None, wish: Decision) -> bool:
    """Whether a guardian who last decided `before` may decide `wish`, another one.

    Consent that was given is withdrawn, not refused; what was never given cannot be withdrawn.
    """
    if wish == "given":
        return before != "given"
    return before == "given" if wish == "withdrawn" else before is None


def consent_of(*, is_needed: bool, decisions: Iterable[Decision]) -> Consent:
    """The child's consent by the last decision of each present guardian: an objection outweighs consent."""
    if not is_needed:
        return "not-needed"
    said = set(decisions)
    outweighing: tuple[Decision, ...] = ("withdrawn", "refused", "given")
    for decision in outweighing:
        if decision in said:
            return decision
    return "missing"
