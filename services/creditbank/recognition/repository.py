"""SQL of recognition."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.creditbank.approvals.requests import Requests
from services.creditbank.tables import Connection, Where

_RECOGNITION = """
select r.id, json_build_object('id', r.id, 'learner', h.id, 'institution', json_build_object('id', x.id,
    'name', x.name), 'state', r.state, 'requested_at', utc_text(r.requested_at),
  'assessed_at', utc_text(r.assessed_at), 'decided_at', utc_text(r.decided_at),
  'ended_at', utc_text(r.ended_at), 'reason', r.reason, 'claims', (
    select json_agg(json_build_object('number', i.number, 'title', i.title, 'evidence', i.evidence,
      'course', i.outcome, 'scheme', s.code, 'credits', credits_text(i.amount), 'grade', i.grade,
      'reason', i.reason, 'lot', i.lot) order by i.number)
    from recognition_item i left join scheme s on s.id = i.scheme
    where i.learner = r.learner and i.recognition = r.id)) as item
from recognition r join learner l on l.number = r.learner
join learner h on h.number = coalesce(l.merged_into, l.number) join institution x on x.id = r.institution
"""
# As deposits find learners: who holds or held a role in the institution's line.
_BELONGS = """
select exists (select from institution c
    where c.id = $1 and c.status = 'active' and c.standing = 'registered') as registered,
  exists (select from institution c join learner_organisation o on o.learner = any($2)
    left join institution x on x.id = o.organisation
    where c.id = $1 and (o.organisation = any(c.ancestors) or c.id = any(x.ancestors))) as belongs
"""
_ADD_ITEMS = """
insert into recognition_item (learner, recognition, number, title, evidence)
select $1, $2, n, title, evidence
from unnest($3::varchar[], $4::varchar[]) with ordinality as i (title, evidence, n)
"""
_FIND = """
select r.*, h.id as holder, array(select m.id from learner m
  where m.number = h.number or m.merged_into = h.number) as ids
from recognition r join learner l on l.number = r.learner
join learner h on h.number = coalesce(l.merged_into, l.number) where r.id = $1
"""
_OFFER = """
update recognition_item i set outcome = d.outcome, scheme = s.id, amount = d.amount, grade = d.grade,
  reason = d.reason
from unnest($3::integer[], $4::uuid[], $5::varchar[], $6::integer[], $7::varchar[], $8::varchar[])
  as d (number, outcome, scheme, amount, grade, reason)
left join scheme s on s.code = d.scheme and d.outcome is not null
where i.learner = $1 and i.recognition = $2 and i.number = d.number
"""
_UNKNOWN = """
select array(select i.number
  from unnest($1::integer[], $2::uuid[], $3::varchar[]) as i (number, outcome, scheme)
  where i.outcome is not null and (not exists (select from scheme s where s.code = i.scheme)
    or not exists (select from outcome o join institution x on x.id = $4
      where o.id = i.outcome and (o.organisation = any(x.ancestors) or exists (
        select from institution b where b.id = o.organisation and x.id = any(b.ancestors))))))
"""
_STEPS = {
    "assessed": "assessed_by = $4, assessed_at = now()",
    "offered": "decided_by = $4, decided_at = now(), reason = $5",
    "rejected": "decided_by = $4, decided_at = now(), reason = $5",
    "withdrawn": "ended_at = now()",
    "posted": "ended_at = now()",
}
REQUESTS = Requests("recognition", _RECOGNITION)


async def belongs(where: Where, institution: UUID, books: Sequence[int]) -> tuple[bool, bool]:
    """Whether the institution may recognise, and whether the learner is or was of its line."""
    row = await where.fetchrow(_BELONGS, institution, list(books))
    assert row is not None, "it always has one row"
    return row["registered"], row["belongs"]


async def add(
    connection: Connection,
    learner: int,
    identifier: UUID,
    institution: UUID,
    asked: tuple[str, str],
    person: UUID,
    claims: Sequence[tuple[str, str]],
) -> None:
    """Add a request with its claims, each a title and the evidence."""
    await connection.execute(
        "insert into recognition (learner, id, institution, key, payload_hash, requested_by)"
        " values ($1, $2, $3, $4, $5, $6)",
        learner,
        identifier,
        institution,
        *asked,
        person,
    )
    await connection.execute(_ADD_ITEMS, learner, identifier, *map(list, zip(*claims, strict=True)))


async def find(where: Where, identifier: UUID, *, locked: bool = False) -> asyncpg.Record | None:
    """One request; locked until the transaction ends, so that each step is taken once."""
    return await where.fetchrow(_FIND + (" for no key update of r" if locked else ""), identifier)


async def items(where: Where, learner: int, recognition: UUID) -> Sequence[asyncpg.Record]:
    """The claims and what is offered for them."""
    return await where.fetch(
        "select i.*, s.code from recognition_item i left join scheme s on s.id = i.scheme"
        " where i.learner = $1 and i.recognition = $2 order by i.number",
        learner,
        recognition,
    )


async def unknown(
    where: Where, offers: Sequence[tuple[int, UUID | None, str]], *, institution: UUID
) -> Sequence[int]:
    """The numbers of offers whose course is not of the institution's line, or whose scheme is unknown."""
    found: Sequence[int] = await where.fetchval(_UNKNOWN, *map(list, zip(*offers, strict=True)), institution)
    return found


async def offer(
    connection: Connection,
    learner: int,
    recognition: UUID,
    offers: Sequence[tuple[int, UUID | None, str, int | None, str | None, str | None]],
) -> None:
    """Write down number, course, scheme, amount, grade and reason of each claim."""
    await connection.execute(_OFFER, learner, recognition, *map(list, zip(*offers, strict=True)))


async def step(
    connection: Connection, learner: int, recognition: UUID, state: str, *who_and_why: object
) -> None:
    """Go on to a state; the caller has locked the request and seen that it may."""
    await connection.execute(
        f"update recognition set state = $3, {_STEPS[state]} where learner = $1 and id = $2",
        learner,
        recognition,
        state,
        *who_and_why,
    )


async def posted(
    connection: Connection, learner: int, recognition: UUID, batches: Sequence[UUID], lots: dict[int, UUID]
) -> None:
    """Note which lot each claim became: of the entries of these batches the one that was answered for it."""
    await connection.execute(
        "update recognition_item i set book = e.learner, lot = e.sequence"
        " from unnest($3::integer[], $4::uuid[]) as d (number, entry)"
        " join entry e on e.id = d.entry and e.batch = any($5)"
        " where i.learner = $1 and i.recognition = $2 and i.number = d.number",
        learner,
        recognition,
        list(lots),
        list(lots.values()),
        list(batches),
    )
