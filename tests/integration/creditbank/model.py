"""What posting means, in a page of Python: the reference the random histories are held against."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.creditbank.deposits.rules import Item


@dataclass
class Reference:
    """The books of one district, one dictionary for each rule."""

    learners: dict[str, UUID]
    courses: dict[tuple[UUID, str], UUID]
    keys: dict[tuple[UUID, str], tuple[Any, UUID]] = field(default_factory=dict)
    attempts: dict[tuple[UUID, UUID, str], UUID] = field(default_factory=dict)
    balances: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    chains: dict[UUID, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    issued: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))

    def answer(self, institution: UUID, item: Item, in_call: dict[str, tuple[Item, Any]]) -> tuple[Any, ...]:
        """What must become of an item: outcome, reason, and the entry known before (None when new)."""
        known = self.keys.get((institution, item.key))
        content = item._replace(key="")
        if known is not None and item.key not in in_call:
            return ("replayed", None, known[1]) if known[0] == content else ("conflict", None, known[1])
        if item.key in in_call:
            first, answer = in_call[item.key]
            if first != item:
                return ("conflict", None, None) if answer[0] != "conflict" else answer
            return ("replayed", None, answer[2]) if answer[0] == "posted" else answer
        learner = self.learners.get(item.learner_sourced_id or "")
        if learner is None:
            return "refused", "learner_unknown", None
        if (institution, item.course_sourced_id) not in self.courses:
            return "refused", "course_unknown", None
        standing = self.attempts.get((learner, institution, item.attempt or ""))
        if standing is not None:
            return "refused", "attempt_already_posted", standing
        return "posted", None, None

    def post(self, institution: UUID, item: Item, entry: UUID) -> None:
        """The effect of a posted item."""
        learner = self.learners[item.learner_sourced_id or ""]
        self.keys[institution, item.key] = (item._replace(key=""), entry)
        if item.attempt:
            self.attempts[learner, institution, item.attempt] = entry
        self.balances[learner] += item.amount
        self.chains[learner].append(entry)
        self.issued[institution] += item.amount
