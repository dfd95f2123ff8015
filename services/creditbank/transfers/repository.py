"""SQL of transfers."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.creditbank.approvals.requests import Requests
from services.creditbank.tables import Connection, Where

_TRANSFER = """
select r.id, json_build_object('id', r.id, 'learner', h.id, 'institution', json_build_object('id', x.id,
    'name', x.name), 'state', r.state, 'note', r.note, 'requested_at', utc_text(r.requested_at),
  'decided_at', utc_text(r.decided_at), 'lots', (
    select json_agg(json_build_object('scheme', s.code, 'lot', k.number, 'credits', credits_text(k.amount),
      'issuer', json_build_object('id', t.issuer, 'name', i.name),
      'course', json_build_object('id', t.outcome, 'title', o.title, 'code', o.code),
      'grade', t.grade, 'earned_on', t.earned_on,
      'accepted', case when k.accepted is not null then credits_text(k.accepted) end,
      'counts_as', k.outcome, 'reason', k.reason) order by s.code, k.number)
    from transfer_lot k join scheme s on s.id = k.scheme
    join lot t on t.learner = k.book and t.scheme = k.scheme and t.number = k.number
    left join institution i on i.id = t.issuer left join outcome o on o.id = t.outcome
    where k.learner = r.learner and k.transfer = r.id)) as item
from transfer r join learner l on l.number = r.learner
join learner h on h.number = coalesce(l.merged_into, l.number) join institution x on x.id = r.institution
"""
_LOTS = """
select distinct on (t.number) t.learner as book, t.scheme, t.number, t.available, exists (
    select from institution x where x.id = t.issuer and $4 = any(x.ancestors)) as own
from lot t join scheme s on s.id = t.scheme
where t.learner = any($1) and s.code = $2 and t.number = any($3) and t.available > 0
order by t.number, t.learner <> $5, t.learner
"""
_ADD = """
insert into transfer (learner, id, institution, key, payload_hash, note, requested_by)
values ($1, $2, $3, $4, $5, $6, $7)
"""
_ADD_LOTS = """
insert into transfer_lot (learner, transfer, book, scheme, number, amount)
select $1, $2, * from unnest($3::bigint[], $4::smallint[], $5::integer[], $6::integer[])
"""
_FIND = """
select f.*, array(select m.id from learner l join learner m
  on m.number = coalesce(l.merged_into, l.number) or m.merged_into = coalesce(l.merged_into, l.number)
  where l.number = f.learner) as ids
from transfer f where f.id = $1
"""
_ASKED = """
select s.code, k.number, k.amount from transfer_lot k join scheme s on s.id = k.scheme
where k.learner = $1 and k.transfer = $2
"""
_DECIDE_LOTS = """
update transfer_lot k set accepted = d.accepted, outcome = d.outcome, reason = d.reason
from unnest($3::varchar[], $4::integer[], $5::integer[], $6::uuid[], $7::varchar[])
  as d (scheme, number, accepted, outcome, reason)
join scheme s on s.code = d.scheme
where k.learner = $1 and k.transfer = $2 and k.scheme = s.id and k.number = d.number
"""
_DECIDE = """
update transfer set state = $3, decided_by = $4, decided_at = now() where learner = $1 and id = $2
"""
_UNKNOWN = """
select array(select i.id from unnest($1::uuid[]) as i (id) where i.id is not null and not exists (
  select from outcome o join institution x on x.id = $2
  where o.id = i.id and (o.organisation = any(x.ancestors) or exists (
    select from institution b where b.id = o.organisation and x.id = any(b.ancestors)))))
"""
REQUESTS = Requests("transfer", _TRANSFER)


async def lots(
    where: Where, books: Sequence[int], own: int, scheme: str, numbers: Sequence[int], *, institution: UUID
) -> Sequence[asyncpg.Record]:
    """Free lots of these numbers, those of the own book first, and whether the institution issued them."""
    return await where.fetch(_LOTS, list(books), scheme, list(numbers), institution, own)


async def add(
    connection: Connection,
    learner: int,
    identifier: UUID,
    institution: UUID,
    asked: tuple[str, str, str | None],
    person: UUID,
    lots_asked: Sequence[tuple[int, int, int, int]],
) -> None:
    """Add a request; `asked` is key, digest and note, a lot is book, scheme, number and amount."""
    await connection.execute(_ADD, learner, identifier, institution, *asked, person)
    await connection.execute(_ADD_LOTS, learner, identifier, *map(list, zip(*lots_asked, strict=True)))


async def find(where: Where, identifier: UUID, *, locked: bool = False) -> asyncpg.Record | None:
    """One request; locked until the transaction ends, so that it is decided once."""
    return await where.fetchrow(_FIND + (" for no key update of f" if locked else ""), identifier)


async def asked(where: Where, learner: int, transfer: UUID) -> dict[tuple[str, int], int]:
    """What was asked for, by scheme and number."""
    rows = await where.fetch(_ASKED, learner, transfer)
    return {(row["code"], row["number"]): row["amount"] for row in rows}


async def unknown_courses(where: Where, courses: Sequence[UUID], *, institution: UUID) -> Sequence[UUID]:
    """Those of the courses that are not of the institution's line."""
    found: Sequence[UUID] = await where.fetchval(_UNKNOWN, list(courses), institution)
    return found


async def decide(
    connection: Connection,
    learner: int,
    transfer: UUID,
    person: UUID,
    decisions: Sequence[tuple[str, int, int, UUID | None, str | None]],
) -> None:
    """Write down the institution's word on each lot."""
    await connection.execute(_DECIDE_LOTS, learner, transfer, *map(list, zip(*decisions, strict=True)))
    await connection.execute(_DECIDE, learner, transfer, "decided", person)


async def withdraw(connection: Connection, learner: int, transfer: UUID) -> None:
    await connection.execute(
        "update transfer set state = 'withdrawn' where learner = $1 and id = $2", learner, transfer
    )
