"""Degree audits on live accounts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg

from services.creditbank.approvals.service import Holder
from services.creditbank.programmes import repository
from services.creditbank.programmes.degree_audit import Audit, audit
from services.creditbank.programmes.documents import ProgrammeDocument
from services.creditbank.programmes.problems import CourseUnknown, LotUnknown
from services.creditbank.programmes.rules import Credit, Key, RuleSet
from services.creditbank.rulebook import service as rulebook
from services.creditbank.rulebook.service import Rule
from services.creditbank.tables import Where

#: the book of credits that are only planned
PLANNED_BOOK = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """Credits a learner thinks of earning."""

    course: UUID
    amount: int
    grade: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """An audit with the rules it was made by and the credits it was made of."""

    rule: Rule
    rules: RuleSet
    credits: tuple[Credit, ...]
    audit: Audit
    day: date


def rule_set(rule: Rule) -> RuleSet:
    """What a stored version says."""
    return rules_of(rule.document)


def rules_of(document: bytes) -> RuleSet:
    """The rules that a stored document is."""
    return ProgrammeDocument.model_validate_json(document).rule_set()


async def judge(
    where: Where,
    holder: Holder,
    programme: UUID,
    *,
    only: Collection[Key] | None = None,
    planned: Sequence[Planned] = (),
) -> Judged:
    """Audit the learner's credits by a programme in force, all of them or `only` some, and planned ones."""
    rule = await rulebook.in_force(where, programme, "programme")
    rows = await repository.credits_of(
        where, holder.books, rule.scheme, institution=rule.institution, line=rule.ancestors
    )
    held = [_credit(row) for row in rows]
    if only is not None:
        missing = {key[1] for key in only} - {one.key[1] for one in held}
        if missing:
            raise LotUnknown(lots=", ".join(map(str, sorted(missing))))
        held = [one for one in held if one.key in only]
    day = datetime.now(UTC).date()
    held += await _planned(where, rule, planned, day)
    rules = rule_set(rule)
    return Judged(rule, rules, tuple(held), audit(rules, held, day), day)


def keys(holder: Holder, numbers: Collection[int] | None) -> set[Key] | None:
    """The lots of these numbers in any of the learner's books; None for all."""
    return None if numbers is None else {(book, number) for book in holder.books for number in numbers}


def _credit(row: asyncpg.Record) -> Credit:
    return Credit(
        key=(row["learner"], row["number"]),
        amount=row["amount"],
        outcome=row["outcome"],
        issuer=row["issuer"],
        earned_on=row["earned_on"],
        grade=row["grade"],
        expires_on=row["expires_on"],
        group=row["equivalence_group"],
        above=frozenset(row["above"]),
        is_own=row["own"],
        attempt=(row["learner"], row["root_scheme"], row["root_number"]),
        origin="recognition" if row["recognised"] else "conversion" if row["depth"] else "deposit",
        is_accepted=row["accepted"],
    )


async def _planned(where: Where, rule: Rule, planned: Sequence[Planned], day: date) -> list[Credit]:
    if not planned:
        return []
    rows = await repository.courses(where, [one.course for one in planned], institution=rule.institution)
    known = {row["outcome"]: row for row in rows}
    made = []
    for number, one in enumerate(planned):
        row = known.get(one.course)
        if row is None:
            raise CourseUnknown(course=str(one.course))
        made.append(
            Credit(
                key=(PLANNED_BOOK, number),
                amount=one.amount,
                outcome=row["outcome"],
                issuer=row["issuer"],
                earned_on=day,
                grade=one.grade,
                group=row["equivalence_group"],
                above=frozenset(row["above"]),
                is_own=row["own"],
            )
        )
    return made
