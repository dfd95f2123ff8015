"""SQL of cases. Whoever reads one was let in as a side of it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.approvals.requests import Requests
from services.creditbank.cases.documents import CASE, SUMMARY
from services.creditbank.tables import Connection, Pool, Where

REQUESTS: Final = Requests("learner_case", CASE)

_LEARNER: Final = """
select h.number, h.id, h.consent, array(select m.number from learner m
    where m.number = h.number or m.merged_into = h.number order by m.number) as books,
  array(select m.id from learner m where m.number = h.number or m.merged_into = h.number) as ids,
  array(select g.guardian from learner_guardian g where g.learner = h.number) as guardians
from learner l join learner h on h.number = coalesce(l.merged_into, l.number) where l.id = $1
"""
# The children of a guardian by whom, or for whom nobody's consent is needed.
_BOOKS_BESIDE: Final = """
select array(select m.number from learner_guardian g join learner h on h.number = g.learner
  join learner m on m.number = h.number or m.merged_into = h.number
  where g.guardian = any($1) and h.merged_into is null and h.consent = any($2))
"""
# The institution that answers for an entry, and those who made it or let it be made.
_ENTRY: Final = """
with e as materialized (select * from entry where learner = any($1) and id = $2)
select e.learner as book, e.scheme, e.sequence as entry, e.kind, null as state,
  case case e.kind when 13 then 1 else e.kind end
    when 1 then (select t.issuer from lot t
      where t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence)
    when 10 then (select t.issuer from lot t
      where t.learner = e.learner and t.scheme = e.scheme and t.number = e.reverses)
    when 7 then (select r.institution from conversion c join rule r on r.id = c.rule
      where c.learner = e.learner and c.scheme = e.scheme and c.entry = e.sequence)
    when 8 then (select r.institution from conversion_lot l join conversion c
        on c.learner = l.learner and c.scheme = l.source_scheme and c.entry = l.source_entry
      join rule r on r.id = c.rule
      where l.learner = e.learner and l.scheme = e.scheme and l.number = e.sequence)
    when 5 then (select a.institution from award_hold h
      join award a on a.learner = h.learner and a.id = h.award
      where h.learner = any($1) and h.book = e.learner and a.scheme = e.scheme and h.redemption = e.sequence)
    when 6 then (select a.institution from award_hold h
      join award a on a.learner = h.learner and a.id = h.award
      where h.learner = any($1) and h.book = e.learner and a.scheme = e.scheme and h.redemption = e.reverses)
  end as institution, array(
    select b.client::uuid from deposit_batch b where b.id = e.batch and e.kind = 1
      and b.client ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
    union select w.maker from xapi_claim c join rule r on r.id = c.rule
      cross join unnest(array[r.made_by, r.decided_by]) as w (maker)
      where c.learner = e.learner and c.entry = e.id
    union select f.decided_by from posting_file_batch p join posting_file f on f.id = p.file
      where p.batch = e.batch and e.kind = 1 and f.decided_by is not null
    union select w.maker from correction c cross join unnest(array[c.requested_by, c.decided_by]) as w (maker)
      where c.learner = e.learner and c.id = e.batch and w.maker is not null
    union select w.maker from recognition_item i
      join recognition g on g.learner = i.learner and g.id = i.recognition
      cross join unnest(array[g.assessed_by, g.decided_by]) as w (maker)
      where i.book = e.learner and i.scheme = e.scheme and i.lot = e.sequence and w.maker is not null
    union select w.maker from award_hold h join award a on a.learner = h.learner and a.id = h.award
      cross join unnest(array[a.decided_by, a.rescission_by, a.rescinded_by]) as w (maker)
      where h.learner = any($1) and h.book = e.learner and a.scheme = e.scheme
        and h.redemption in (e.sequence, e.reverses) and w.maker is not null) as makers
from e
"""
_TRANSFER: Final = """
select null as book, null as scheme, null as entry, null as kind, t.institution,
  array_remove(array[t.decided_by], null) as makers, case when t.state = 'decided' and exists (
    select from transfer_lot l where l.learner = t.learner and l.transfer = t.id and l.accepted < l.amount)
    then 'refused' else t.state end as state
from transfer t where t.learner = any($1) and t.id = $2
"""
_RECOGNITION: Final = """
select null as book, null as scheme, null as entry, null as kind, r.institution,
  array_remove(array[r.assessed_by, r.decided_by], null) as makers,
  case when r.state = 'rejected' or r.state in ('offered', 'posted') and exists (
      select from recognition_item i
      where i.learner = r.learner and i.recognition = r.id and i.amount is null)
    then 'refused' else r.state end as state
from recognition r where r.learner = any($1) and r.id = $2
"""
_AWARD: Final = """
select null as book, null as scheme, null as entry, null as kind, a.institution,
  array_remove(array[a.decided_by, a.rescission_by, a.rescinded_by], null) as makers,
  case when a.state in ('refused', 'rescinded') then 'refused' else a.state end as state
from award a where a.learner = any($1) and a.id = $2
"""
_SUBJECTS: Final = {"entry": _ENTRY, "transfer": _TRANSFER, "recognition": _RECOGNITION, "award": _AWARD}
_ADD: Final = """
insert into learner_case (learner, id, institution, about, subject, book, scheme, entry, makers, side,
  opened_by, key, payload_hash, claim, due_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
_KNOWN: Final = """
select exists (select from learner_case
  where learner = any($1) and about = $2 and subject = $3 and state <> 'withdrawn')
"""
_FIND: Final = """
select c.*, h.number as holder, h.id as person, h.consent, array(select m.number from learner m
    where m.number = h.number or m.merged_into = h.number order by m.number) as books,
  array(select m.id from learner m where m.number = h.number or m.merged_into = h.number) as ids,
  array(select g.guardian from learner_guardian g where g.learner = h.number) as guardians,
  array(select d.decided_by from case_decision d
    where d.learner = c.learner and d.case_id = c.id) as deciders,
  (select d.appeal_until from case_decision d
    where d.learner = c.learner and d.case_id = c.id and d.level = 1) as appeal_until,
  (select d.outcome from case_decision d where d.learner = c.learner and d.case_id = c.id
    order by d.level desc limit 1) as outcome
from learner_case c join learner l on l.number = c.learner
join learner h on h.number = coalesce(l.merged_into, l.number) where c.id = $1
"""
_COUNT: Final = """
select count(*) from case_evidence
where learner = $1 and case_id = $2 and (side = 'institution') = ($3 = 'institution')
"""
_ADD_EVIDENCE: Final = """
insert into case_evidence (learner, case_id, number, side, added_by, text, links)
select $1, $2, 1 + coalesce(max(number), 0), $3, $4, $5, $6
from case_evidence where learner = $1 and case_id = $2
"""
_STEP: Final = """
update learner_case set state = $3, version = version + 1, due_at = coalesce($4, due_at),
  appealed_by = coalesce($5, appealed_by), appeal_reasons = coalesce($6, appeal_reasons),
  appealed_at = case when $5::uuid is null then appealed_at else now() end
where learner = $1 and id = $2
"""
_TELL: Final = """
insert into outbox (id, type, subject, data, traceparent)
select uuid7(), 'creditbank.case.changed.v1', c.id, json_build_object('id', c.id, 'version', c.version,
  'learner', h.id, 'institution', c.institution, 'about', json_build_object('kind', c.about, 'id', c.subject),
  'state', c.state, 'decisions', (select coalesce(json_agg(json_build_object('level', d.level,
      'outcome', d.outcome, 'decided_at', utc_text(d.decided_at),
      'appeal_until', utc_text(d.appeal_until)) order by d.level), '[]')
    from case_decision d where d.learner = c.learner and d.case_id = c.id)), $3
from learner_case c join learner l on l.number = c.learner
join learner h on h.number = coalesce(l.merged_into, l.number) where c.learner = $1 and c.id = $2
"""
_DEPOSITED: Final = "select batch, id, kind from entry where learner = $1 and scheme = $2 and sequence = $3"
_AWARD_OF: Final = """
select a.learner, a.id from award_hold h join award a on a.learner = h.learner and a.id = h.award
where h.learner = any($1) and h.book = $2 and a.scheme = $3 and h.redemption = $4
"""
# What was done of the kind for the same learner since the case was opened, by the same institution.
_DONE_SINCE: Final = {
    "correction": "select learner from correction"
    " where id = $1 and learner = any($2) and institution = $3 and requested_at >= $4"
    " and learner = $5 and scheme = $6 and entry = $7",
    "deposit": "select e.learner from entry e"
    " join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence"
    " where e.id = $1 and e.learner = any($2) and e.kind = 1 and t.issuer = $3 and e.recorded_at >= $4",
    **{
        table: f"select learner from {table}"
        " where id = $1 and learner = any($2) and institution = $3 and requested_at >= $4"
        for table in ("award", "transfer", "recognition")
    },
}


async def learner(where: Where, person: UUID) -> asyncpg.Record | None:
    """The learner a person is, with who looks after them."""
    return await where.fetchrow(_LEARNER, person)


async def books_beside(where: Where, guardians: Collection[UUID], consents: Collection[str]) -> Sequence[int]:
    """The books of those whom these ids look after."""
    found: Sequence[int] = await where.fetchval(_BOOKS_BESIDE, list(guardians), list(consents))
    return found


async def subject(where: Where, about: str, books: Sequence[int], identifier: UUID) -> asyncpg.Record | None:
    """What a case may be about, if it is in these books: institution, makers, and its kind or state."""
    return await where.fetchrow(_SUBJECTS[about], list(books), identifier)


async def is_known(where: Where, books: Sequence[int], about: str, subject_id: UUID) -> bool:
    """Whether these books' learner has a case about it that was not withdrawn."""
    return bool(await where.fetchval(_KNOWN, list(books), about, subject_id))


async def add(connection: Connection, learner_number: int, identifier: UUID, *values: object) -> None:
    """Add a case; the values are those of `_ADD` in their order."""
    await connection.execute(_ADD, learner_number, identifier, *values)


async def find(where: Where, identifier: UUID, *, locked: bool = False) -> asyncpg.Record | None:
    """One case with its sides; locked until the transaction ends, so that each step is taken once."""
    return await where.fetchrow(_FIND + (" for no key update of c" if locked else ""), identifier)


async def evidence_of(where: Where, found: asyncpg.Record, side: str) -> int:
    """How much this side has brought forward; learner and guardian are one side."""
    return int(await where.fetchval(_COUNT, found["learner"], found["id"], side))


async def add_evidence(
    connection: Connection, found: asyncpg.Record, side: str, by: UUID, text: str, links: Sequence[str]
) -> None:
    await connection.execute(_ADD_EVIDENCE, found["learner"], found["id"], side, by, text, list(links))


async def step(
    connection: Connection,
    found: asyncpg.Record,
    state: str,
    *,
    due: datetime | None = None,
    appeal: tuple[UUID, str] | None = None,
    traceparent: str | None = None,
) -> None:
    """Go on to a state, and tell of it; the caller has locked the case and seen that it may."""
    by, reasons = appeal or (None, None)
    await connection.execute(_STEP, found["learner"], found["id"], state, due, by, reasons)
    await tell(connection, found["learner"], found["id"], traceparent)


async def tell(connection: Connection, learner_number: int, case: UUID, traceparent: str | None) -> None:
    """Record the event that tells how the case stands now."""
    await connection.execute(_TELL, learner_number, case, traceparent)


async def add_decision(
    connection: Connection,
    found: asyncpg.Record,
    level: int,
    outcome: str,
    reasons: str,
    by: UUID,
    appeal_until: datetime | None,
) -> None:
    await connection.execute(
        "insert into case_decision (learner, case_id, level, outcome, reasons, decided_by, appeal_until)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        *(found["learner"], found["id"], level, outcome, reasons, by, appeal_until),
    )


async def add_remedy(
    connection: Connection, found: asyncpg.Record, kind: str, remedy: UUID, book: int, by: UUID
) -> None:
    """Link what puts the case right; linked before it is not linked again."""
    await connection.execute(
        "insert into case_remedy (learner, case_id, kind, remedy, book, added_by)"
        " values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        *(found["learner"], found["id"], kind, remedy, book, by),
    )


async def entry_of(where: Where, found: asyncpg.Record) -> asyncpg.Record | None:
    """Batch, id and kind of the entry the case is about."""
    return await where.fetchrow(_DEPOSITED, found["book"], found["scheme"], found["entry"])


async def award_of(where: Where, found: asyncpg.Record) -> asyncpg.Record | None:
    """The award whose credits the entry spent."""
    return await where.fetchrow(_AWARD_OF, found["books"], found["book"], found["scheme"], found["entry"])


async def done_since(where: Where, found: asyncpg.Record, kind: str, remedy: UUID) -> int | None:
    """The learner under whom such an act stands that fits the case."""
    values = [remedy, found["books"], found["institution"], found["opened_at"]]
    if kind == "correction":
        values += [found["book"], found["scheme"], found["entry"]]
    book: int | None = await where.fetchval(_DONE_SINCE[kind], *values)
    return book


async def page(
    pool: Pool,
    *,
    books: Sequence[int] | None,
    institution: UUID | None,
    waiting: bool,
    after: UUID | None,
    limit: int,
) -> list[tuple[bytes, UUID]]:
    """Cases of these books, or of the institution and those below it, the newest first."""
    whose = "r.learner = any($1)" if institution is None else "$1 = any(x.ancestors)"
    rows = await pool.fetch(
        f"{SUMMARY} where {whose} and ($2::uuid is null or r.id < $2)"
        " and (not $3 or r.state in ('opened', 'evidence', 'appealed')) order by r.id desc limit $4",
        books if institution is None else institution,
        after,
        waiting,
        limit,
    )
    return [(row["item"], row["id"]) for row in rows]
