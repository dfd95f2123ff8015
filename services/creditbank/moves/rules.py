"""What moves of learners between bank nodes are made of."""

from typing import Final, Literal, get_args

State = Literal["open", "settled", "returned"]
STATES: Final[tuple[str, ...]] = get_args(State)
#: the form of a statement
FORMAT: Final = "xuebu creditbank move 1"
#: of an organisation where the learner has a role now, or of one above it: who may move another
MOVING: Final = ("administrator",)
#: the largest document of a move that is read: some ten thousand lots
LARGEST_DOCUMENT: Final = 8 * 1024 * 1024
#: between two tries the pause doubles, up to this
LONGEST_PAUSE_S: Final = 3_600
#: why an arrival is never taken in
LEARNER_ERASED: Final = "learner_erased"
ATTEMPT_STANDS: Final = "attempt_already_posted"
WITHDRAWN: Final = "withdrawn"


def pause_s(tries: int, interval_s: float) -> float:
    """How long to wait after so many tries that came to nothing."""
    doublings: int = min(max(tries - 3, 0), 12)
    return min(float(LONGEST_PAUSE_S), interval_s * (1 << doublings))
