"""The life of a case: opened, evidence by both sides, a decision, one appeal, closed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

State = Literal["opened", "evidence", "decided", "appealed", "closed", "withdrawn"]
About = Literal["entry", "transfer", "recognition", "award"]
Side = Literal["learner", "guardian", "institution"]
Outcome = Literal["upheld", "dismissed"]
Act = Literal["add_evidence", "decide", "appeal", "withdraw", "close"]
#: what puts right what was upheld
Remedy = Literal["correction", "rescission", "deposit", "award", "transfer", "recognition"]

STATES: Final[tuple[str, ...]] = get_args(State)
ABOUT: Final[tuple[str, ...]] = get_args(About)
SIDES: Final[tuple[str, ...]] = get_args(Side)
OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)
REMEDIES: Final[tuple[str, ...]] = get_args(Remedy)
#: in which a case waits for a decision
OPEN: Final = frozenset({"opened", "evidence", "appealed"})
#: a decision is due so long after the case was opened or appealed
DECIDED_WITHIN: Final = timedelta(days=30)
#: the first decision can be appealed against for so long
APPEALED_WITHIN: Final = timedelta(days=30)
#: as much as each side may bring forward, appeal included
MOST_EVIDENCE: Final = 20
MOST_LINKS: Final = 10
#: who decides on the first instance, and on an appeal, from above
DECIDING: Final = ("administrator", "registrar")
ABOVE: Final = ("administrator",)
#: by what a case is about: which later acts can put it right
REMEDIES_OF: Final[dict[str, tuple[str, ...]]] = {
    "entry": ("correction", "rescission", "deposit"),
    "transfer": ("transfer",),
    "recognition": ("recognition",),
    "award": ("award",),
}
_STEPS: Final[dict[Act, dict[State, State]]] = {
    "add_evidence": {"opened": "evidence", "evidence": "evidence", "appealed": "appealed"},
    "decide": {"opened": "decided", "evidence": "decided", "appealed": "decided"},
    "appeal": {"decided": "appealed"},
    "withdraw": {"opened": "withdrawn", "evidence": "withdrawn"},
    "close": {"decided": "closed", "appealed": "closed"},
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a case is: its state, and how many decisions were taken."""

    state: State = "opened"
    decisions: int = 0


def after(standing: Standing, act: Act) -> Standing | None:
    """The standing after an act; None where the act is not one of that standing. There is one appeal."""
    state = _STEPS[act].get(standing.state)
    if state is None or (act == "appeal" and standing.decisions != 1):
        return None
    return Standing(state, standing.decisions + (act == "decide"))


def can_be_appealed(standing: Standing, appeal_until: datetime | None, now: datetime) -> bool:
    """Whether the decision is the first one and the time to appeal against it is not over."""
    return after(standing, "appeal") is not None and appeal_until is not None and now < appeal_until
