"""The two statements that post credits, and the reading of what was posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import asyncpg

from libs.common.tracing import current_traceparent
from services.creditbank.deposits.rules import Call, Item
from services.creditbank.tables import Pool, Where

Value = TypeVar("Value")

_PREPARE = "select * from prepare_deposits($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_POST = """
select item, answer, entry, reason
from post_deposits($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""
_RECALL = "select entries, batches, learners from recall_deposits($1, $2)"
_BATCH = """
select b.institution, json_build_object(
  'id', b.id, 'institution', b.institution, 'scheme', s.code, 'recorded_at', utc_text(b.recorded_at),
  'posted', b.posted, 'replayed', b.replayed, 'conflicts', b.conflicts, 'refused', b.refused,
  'credits', credits_text(b.amount),
  'entries', (
    select coalesce(json_agg(json_build_object(
      'id', e.id, 'learner', a.person, 'course', t.outcome, 'attempt', t.attempt,
      'credits', credits_text(t.issued), 'grade', t.grade, 'earned_on', t.earned_on,
      'sequence', e.sequence, 'commitment', encode(e.commitment, 'hex')) order by e.id), '[]')
    from entry e
    join account a on a.learner = e.learner and a.scheme = e.scheme
    join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
    where e.batch = b.id)) as document
from deposit_batch b
join scheme s on s.id = b.scheme
where b.id = $1
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the calls and their items name, found in the bank; items in the order they were given.

    When `repeated`, the first item of every call came before: then nothing of the items was looked up.
    """

    repeated: bool
    standings: list[str]
    schemes: list[int | None]
    learners: list[int | None]
    wrapped_keys: list[bytes | None]
    learner_refusals: list[str | None]
    outcomes: list[UUID | None]
    outcome_refusals: list[str | None]


async def prepare(where: Where, calls: Sequence[Call], first_keys: Sequence[str | None]) -> Prepared:
    """Look up what the calls name, as far as each call's organisation may see it.

    `first_keys` are the digests of each call's first key, None to look everything up in any case.
    """
    courses: dict[tuple[int, UUID | None, str | None], int] = {}
    of_item: list[int] = []
    for number, call in enumerate(calls, start=1):
        for item in call.items:
            course = (number, item.course_id, item.course_sourced_id)
            of_item.append(courses.setdefault(course, len(courses)))
    row = await where.fetchrow(
        _PREPARE,
        [call.organisation for call in calls],
        [call.institution for call in calls],
        [call.scheme for call in calls],
        first_keys,
        [number for number, call in enumerate(calls, start=1) for _ in call.items],
        _unless_empty([item.learner_id for call in calls for item in call.items]),
        _unless_empty([item.learner_sourced_id for call in calls for item in call.items]),
        [course[0] for course in courses],
        [course[1] for course in courses],
        [course[2] for course in courses],
    )
    assert row is not None, "a function has one row"
    if row["repeated"]:
        return Prepared(True, row["standings"], row["scheme_ids"], [], [], [], [], [])
    return Prepared(
        False,
        row["standings"],
        row["scheme_ids"],
        row["learners"],
        row["wrapped_keys"],
        row["learner_refusals"],
        [row["outcomes"][course] for course in of_item],
        [row["outcome_refusals"][course] for course in of_item],
    )


async def recall(
    where: Where, keys: Sequence[str], payloads: Sequence[str]
) -> Sequence[tuple[UUID | None, UUID | None, int | None]]:
    """For each item entry, batch and learner made of it earlier, None where none has this content."""
    row = await where.fetchrow(_RECALL, keys, payloads)
    assert row is not None, "an aggregate has one row"
    return list(zip(row["entries"] or (), row["batches"] or (), row["learners"] or (), strict=True))


@dataclass(frozen=True, slots=True)
class Lines:
    """The items to post, column by column. `calls` counts from 1; learners are None where refused."""

    calls: list[int]
    keys: list[str]
    payloads: list[str]
    entries: list[UUID]
    salts: list[bytes]
    learners: list[int | None]
    outcomes: list[UUID | None]
    items: list[Item]
    refusals: list[str | None]


async def post(
    where: Where, calls: Sequence[Call], schemes: Sequence[int], lines: Lines
) -> Sequence[asyncpg.Record]:
    """Post in one transaction. Returns those items (from 1) that were not simply posted."""
    return await where.fetch(
        _POST,
        [call.id for call in calls],
        [call.institution for call in calls],
        schemes,
        [call.client for call in calls],
        lines.calls,
        lines.keys,
        lines.payloads,
        lines.entries,
        lines.salts,
        lines.learners,
        lines.outcomes,
        _unless_empty([item.attempt for item in lines.items]),
        _unless_empty([item.grade for item in lines.items]),
        [item.earned_on for item in lines.items],
        [item.amount for item in lines.items],
        _unless_empty(lines.refusals),
        current_traceparent(),
    )


def _unless_empty(column: list[Value | None]) -> list[Value | None] | None:
    """A column of nothing but None as null: unnest fills it up, and the driver need not look at each."""
    return column if any(value is not None for value in column) else None


async def batch(pool: Pool, identifier: UUID) -> asyncpg.Record | None:
    """One call's `institution`, and its outcome as JSON, its `document`."""
    return await pool.fetchrow(_BATCH, identifier)
