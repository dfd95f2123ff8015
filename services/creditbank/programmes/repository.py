"""Reads of the credits a learner could bring towards a programme."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.creditbank.tables import Where

# Nearest first: the wholes of which a course is a part, and theirs.
_ABOVE = """
array(with recursive whole (id, depth) as (
    select {outcome}.parent, 1 where {outcome}.parent is not null
    union select p.parent, w.depth + 1 from whole w join outcome p on p.id = w.id
      where p.parent is not null and w.depth < 10
  ) select id from whole)
"""
_CREDITS = f"""
select t.learner, t.number, least(t.available, case when own.own then t.available
    else coalesce(a.accepted, t.available) end) as amount, t.issuer, t.earned_on, t.grade, t.expires_on,
  coalesce(a.outcome, t.outcome) as outcome, o.equivalence_group, {_ABOVE.format(outcome="o")} as above,
  own.own, a.accepted is not null as accepted, r.recognition is not null as recognised,
  root.scheme as root_scheme, root.number as root_number, root.depth
from lot t
cross join lateral (
  select exists (select from institution i where i.id = t.issuer and $3 = any(i.ancestors)) as own) own
cross join lateral (
  with recursive source (scheme, number, depth) as (
    select t.scheme, t.number, 0
    union all
    select c.source_scheme, c.source_lot, s.depth + 1 from source s
    join conversion_lot c on c.learner = t.learner and c.scheme = s.scheme and c.number = s.number
  ) select scheme, number, depth from source order by depth desc limit 1) root
left join lateral (
  select l.outcome, l.accepted from transfer_lot l
  join transfer f on f.learner = l.learner and f.id = l.transfer
  join institution x on x.id = f.institution
  where l.book = t.learner and l.scheme = t.scheme and l.number = t.number and l.accepted > 0
    and not own.own and ($3 = any(x.ancestors) or x.id = any($4))
  order by f.decided_at desc limit 1) a on true
left join lateral (
  select i.recognition from recognition_item i
  where i.book = t.learner and i.scheme = root.scheme and i.lot = root.number limit 1) r on true
left join outcome o on o.id = coalesce(a.outcome, t.outcome)
where t.learner = any($1) and t.scheme = $2 and t.available > 0
order by t.learner, t.number
"""
_PLANNED = f"""
select o.id as outcome, o.organisation as issuer, o.equivalence_group, {_ABOVE.format(outcome="o")} as above,
  exists (select from institution i where i.id = o.organisation and $2 = any(i.ancestors))
    or exists (select from institution x where x.id = $2 and o.organisation = any(x.ancestors)) as own
from outcome o where o.id = any($1)
"""


async def credits_of(
    where: Where, books: Sequence[int], scheme: int, *, institution: UUID, line: Sequence[UUID]
) -> Sequence[asyncpg.Record]:
    """The free credits in these books as an institution sees them; `line` leads from the root to it."""
    return await where.fetch(_CREDITS, list(books), scheme, institution, list(line))


async def courses(where: Where, ids: Sequence[UUID], *, institution: UUID) -> Sequence[asyncpg.Record]:
    """What the bank knows of courses, as an institution sees them."""
    return await where.fetch(_PLANNED, list(ids), institution)
