"""SQL of an institution's own postings. Whoever asks was let in by the institution.

What came by a move from another bank node is among them, where it is not the time alone that is looked for.
What is looked for decides where the look begins, each with an index of its own: at the key, the call, the
learner, the attempt, the course, or else at the institution's calls by time.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.creditbank.deposits.rules import key_digest
from services.creditbank.postings.rules import Place, Sought
from services.creditbank.tables import Pool

_COLUMNS: Final = """
a.person as learner, e.id as entry, e.batch, entry_kind_name(e.kind) as kind,
  s.code as scheme, t.outcome as course, o.title as course_title,
  o.code as course_code, t.attempt, credits_text(t.issued) as credits, t.grade, t.earned_on, t.expires_on,
  e.recorded_at, v.id as reversed_by, v.recorded_at as reversed_at, c.replacing as replaced_by
"""
_JSON: Final = """
json_build_object('entry', e.id, 'batch', e.batch, 'kind', entry_kind_name(e.kind),
  'learner', a.person, 'scheme', s.code,
  'course', json_build_object('id', t.outcome, 'title', o.title, 'code', o.code),
  'attempt', t.attempt, 'credits', credits_text(t.issued), 'grade', t.grade, 'earned_on', t.earned_on,
  'expires_on', t.expires_on, 'recorded_at', utc_text(e.recorded_at), 'reversed_by', v.id,
  'reversed_at', utc_text(v.recorded_at), 'replaced_by', c.replacing) as item
"""
_PLACE: Final = "e.recorded_at as placed, e.batch as placed_in, e.id as place"
# Offset 0 keeps each look-up one look-up, whatever is known of how many entries were taken back.
_BESIDE: Final = """
join account a on a.learner = e.learner and a.scheme = e.scheme
join scheme s on s.id = e.scheme
left join outcome o on o.id = t.outcome
left join lateral (select v.id, v.batch, v.recorded_at from entry v
  where v.learner = e.learner and v.scheme = e.scheme and v.reverses = e.sequence offset 0) v on true
left join correction c on c.learner = e.learner and c.id = v.batch
"""
_LOT: Final = """
cross join lateral (select * from lot t
  where t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence offset 0) t
"""
_ENTRY: Final = """
cross join lateral (select * from entry e
  where e.learner = t.learner and e.scheme = t.scheme and e.sequence = t.number offset 0) e
"""
# An institution's name for somebody is that of a roster in its line, as when it posts.
_NAMED: Final = """
select k.learner from learner_identifier k
join institution n on n.id = k.anchor join institution x on x.id = $1
where k.sourced_id = {} and (n.id = any(x.ancestors) or x.id = any(n.ancestors))
"""
_BOOKS_OF: Final = """
select b.number from learner l join learner b
  on coalesce(b.merged_into, b.number) = coalesce(l.merged_into, l.number)
where l.{}
"""
_COURSES: Final = """
select o.id from outcome o join institution n on n.id = o.organisation join institution x on x.id = $1
where o.sourced_id = {} and (n.id = any(x.ancestors) or x.id = any(n.ancestors))
"""


class _Query:
    """The text of a query and its arguments, of which the first is the institution."""

    def __init__(self, institution: UUID) -> None:
        self.arguments: list[Any] = [institution]
        self.conditions = ["e.kind in (1, 13)", "t.issuer = $1"]

    def argument(self, value: Any) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def must(self, condition: str, *values: Any) -> None:
        self.conditions.append(condition.format(*map(self.argument, values)))

    def text(self, columns: str, begin: str, order: str, limit: int) -> str:
        return (
            f"select {columns} from {begin} {_BESIDE} where {' and '.join(self.conditions)}"
            f" order by {order} limit {self.argument(limit)}"
        )


def _begin(query: _Query, institution: UUID, sought: Sought, after: Place | None) -> str:
    """Where the look begins: the tables, in the order in which they are best looked through."""
    if sought.key is not None:
        query.must("e.key_hash = {}::uuid", key_digest(institution, sought.key))
        return f"entry e {_LOT}"
    if sought.batch is not None:
        query.must("e.batch = {}", sought.batch)
        return f"entry e {_LOT}"
    if sought.learner is not None or sought.learner_sourced_id is not None:
        return f"lot t {_ENTRY}"
    if sought.attempt is not None or sought.course is not None or sought.course_sourced_id is not None:
        return f"lot t {_ENTRY}"
    within = ["d.institution = $1", "d.posted > 0"]
    if sought.since is not None:
        within.append(f"d.recorded_at >= {query.argument(sought.since)}")
    if sought.until is not None:
        within.append(f"d.recorded_at < {query.argument(sought.until)}")
    if after is not None:
        last = f"{query.argument(after.recorded_at)}, {query.argument(after.batch)}"
        within.append(f"(d.recorded_at, d.id) <= ({last})")
    return (
        "(select d.id, d.recorded_at from deposit_batch d"
        f" where {' and '.join(within)} order by d.recorded_at desc, d.id desc) d"
        " cross join lateral (select * from entry e where e.batch = d.id and e.kind = 1 offset 0) e"
        f" {_LOT}"
    )


def _narrow(query: _Query, sought: Sought) -> None:
    """What else a posting must have, wherever the look began."""
    if sought.learner is not None:
        query.must(f"t.learner = any(array({_BOOKS_OF.format('id = {}')}))", sought.learner)
    if sought.learner_sourced_id is not None:
        named = _NAMED.replace("{}", query.argument(sought.learner_sourced_id))
        query.must(f"t.learner = any(array({_BOOKS_OF.format(f'number in ({named})')}))")
    if sought.attempt is not None:
        query.must("t.attempt = {}", sought.attempt)
        query.must(
            "hashtextextended(t.attempt, uuid_hash_extended(t.issuer, 0))"
            " = hashtextextended({}::text, uuid_hash_extended($1, 0))",
            sought.attempt,
        )
    if sought.course is not None:
        query.must("t.outcome = {}", sought.course)
    if sought.course_sourced_id is not None:
        query.must(f"t.outcome = any(array({_COURSES}))", sought.course_sourced_id)
    if sought.scheme is not None:
        query.must("s.code = {}", sought.scheme)
    if sought.since is not None:
        query.must("e.recorded_at >= {}", sought.since)
    if sought.until is not None:
        query.must("e.recorded_at < {}", sought.until)
    if sought.is_reversed is not None:
        query.must(f"v.id is {'not ' if sought.is_reversed else ''}null")


def _built(
    columns: str, institution: UUID, sought: Sought, after: Place | None, limit: int
) -> tuple[str, list[Any]]:
    query = _Query(institution)
    begin = _begin(query, institution, sought, after)
    _narrow(query, sought)
    if after is not None:
        query.must("(e.recorded_at, e.batch, e.id) < ({}::timestamptz, {}::uuid, {}::uuid)", *after)
    by_time = "deposit_batch" in begin
    order = f"{'d.recorded_at desc, d.id' if by_time else 'e.recorded_at desc, e.batch'} desc, e.id desc"
    return query.text(f"{columns}, {_PLACE}", begin, order, limit), query.arguments


async def page(
    pool: Pool, institution: UUID, sought: Sought, after: Place | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The institution's postings as JSON with their places, the newest first."""
    query, arguments = _built(_JSON, institution, sought, after, limit)
    return await pool.fetch(query, *arguments)


async def rows(
    pool: Pool, institution: UUID, sought: Sought, after: Place | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The same as rows of a table."""
    query, arguments = _built(_COLUMNS, institution, sought, after, limit)
    return await pool.fetch(query, *arguments)
