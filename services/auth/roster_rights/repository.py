"""SQL of roster rights; who may decide and see them was checked by authority before."""

from typing import Final
from uuid import UUID

from services.auth.sql import Row, Where, fetch_one

# The highest place that holds it is named: what is granted there cannot be taken here.
_HELD: Final = """
select above.id as organisation, r.granted_at
from organisation o join organisation above on above.id = any(o.ancestors)
left join roster_right r on r.organisation_id = above.id
where o.id = $1 and (above.parent_id is null and above.id = o.id or r.organisation_id is not null)
order by cardinality(above.ancestors) limit 1
"""
_GRANT: Final = """
insert into roster_right (organisation_id, granted_by) values ($1, $2)
on conflict do nothing returning organisation_id
"""
_WITHDRAW: Final = "delete from roster_right where organisation_id = $1 returning organisation_id"


async def held(where: Where, organisation: UUID) -> Row | None:
    """Where the organisation has the right from; None if it has not."""
    return await fetch_one(where, _HELD, organisation)


async def grant(where: Where, organisation: UUID, by: UUID | None) -> bool:
    """Grant the right; False if it was granted here already."""
    return await fetch_one(where, _GRANT, organisation, by) is not None


async def withdraw(where: Where, organisation: UUID) -> bool:
    """Withdraw what was granted here; False if nothing was."""
    return await fetch_one(where, _WITHDRAW, organisation) is not None
