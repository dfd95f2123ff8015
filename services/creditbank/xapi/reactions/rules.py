"""What a statement must say to meet a condition of a rule, and what credits follow from those that do.

Only what is said counts: no scaled score is reckoned from a raw one, and the verb "passed" is no `success`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

STATUSES: Final = ("active", "paused")
STATES: Final = ("posted", "refused", "waiting")
ACTS: Final = ("paused", "resumed", "tried again")
#: a reason for which a claim waits for news of its learner rather than being refused
WAITS_FOR: Final = "learner_unknown"
#: why a claim of those who made or approved the rule, or of children they look after, is not posted
OWN_RULE: Final = "own_rule"
KEY_TAKEN: Final = "key_conflict"
_CONTAINING: Final = ("parent", "grouping")


@dataclass(frozen=True, slots=True)
class Condition:
    """What one statement must say: a verb, something it is about, and its result. None may be anything."""

    verbs: frozenset[str]
    activities: frozenset[str]
    within: frozenset[str]
    score_at_least: float | None = None
    success: bool | None = None
    completion: bool | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule asks for and gives. `amount` is in hundredths; `grades` are (least scaled score, grade).

    `authorities` are keys of the agents whose word counts; None for the organisation's own tools and the
    product itself.
    """

    course: UUID
    amount: int
    attempt: str | None
    grade: str | None
    grades: tuple[tuple[float, str], ...]
    conditions: tuple[Condition, ...]
    authorities: frozenset[str] | None
    zone: str

    def day(self, moment: datetime) -> date:
        """The day of a moment where the rule counts days."""
        return moment.astimezone(ZoneInfo(self.zone)).date()


def is_met(condition: Condition, statement: Mapping[str, Any]) -> bool:
    """Whether a valid statement meets a condition, whoever acts and vouches."""
    if statement["verb"]["id"] not in condition.verbs or not _is_about(condition, statement):
        return False
    result = statement.get("result", {})
    for name in ("success", "completion"):
        wanted = getattr(condition, name)
        if wanted is not None and result.get(name) is not wanted:
            return False
    if condition.score_at_least is None:
        return True
    score = scaled_score(statement)
    return score is not None and score >= condition.score_at_least


def scaled_score(statement: Mapping[str, Any]) -> float | None:
    """result.score.scaled, if the statement has it."""
    found: float | None = statement.get("result", {}).get("score", {}).get("scaled")
    return found


def _is_about(condition: Condition, statement: Mapping[str, Any]) -> bool:
    thing = statement["object"]
    if thing.get("objectType", "Activity") != "Activity":
        return False
    if thing["id"] in condition.activities:
        return True
    related = statement.get("context", {}).get("contextActivities", {})
    return any(one["id"] in condition.within for name in _CONTAINING for one in related.get(name, ()))


def acts_alone(statement: Mapping[str, Any]) -> bool:
    """Whether one agent acts: what a group has done, nobody of it has done by that."""
    actor = statement["actor"]
    return actor.get("objectType", "Agent") == "Agent" and "member" not in actor


def grade(terms: Terms, score: float | None) -> str | None:
    """The grade for a scaled score: of the highest step it reaches, or else the one for everybody."""
    reached = [step for step in terms.grades if score is not None and score >= step[0]]
    return max(reached)[1] if reached else terms.grade


def attempt_of(code: str, terms: Terms) -> str:
    """The attempt that credits of a rule are posted for: one live posting of a learner has it."""
    return terms.attempt or f"reaction {code}"[:200]


def claim_key(code: str, learner: UUID) -> str:
    """The key that a learner's credits of a rule are posted under, whichever version they are by."""
    return sha256(f"xuebu reaction\n{code}\n{learner}".encode()).hexdigest()


def vouched_for(
    authority: Mapping[str, Any],
    key: str | None,
    terms: Terms,
    *,
    issuer: str,
    platform: str,
    credentials: Iterable[str],
) -> bool:
    """Whether the word of who vouches for a statement counts; `key` is the authority's as an agent.

    It does if it is the product itself (the key `platform`), or a client or credential of the organisation.
    An application and its user together never count: nobody gives credits to themselves.
    """
    if key is None or authority.get("objectType", "Agent") != "Agent":
        return False
    if terms.authorities is not None:
        return key in terms.authorities
    account = authority.get("account", {})
    return key == platform or account.get("homePage") == issuer or account.get("name") in credentials
