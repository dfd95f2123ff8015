"""SQL of activities' definitions; the function `define_activities` alone sets them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Where

_FIND: Final = """
select a.id, a.definition from xapi_activity a
where a.organisation = $1
  and a.key = any(array(select sha256(convert_to(u.id, 'UTF8')) from unnest($2::text[]) as u (id)))
"""


_FIND_ANY: Final = """
select a.organisation, a.id, a.definition
from unnest($1::uuid[], $2::text[]) as u (organisation, id)
cross join lateral (select * from xapi_activity a
  where a.organisation = u.organisation and a.key = sha256(convert_to(u.id, 'UTF8')) limit 1) a
"""


async def find_any(where: Where, activities: Sequence[tuple[UUID, str]]) -> Sequence[asyncpg.Record]:
    """The activities of these ids, each as its organisation's statements have defined it."""
    return await where.fetch(_FIND_ANY, [one[0] for one in activities], [one[1] for one in activities])


async def find(where: Where, organisation: UUID, ids: Sequence[str]) -> Sequence[asyncpg.Record]:
    """The activities of these ids that an organisation's statements have defined."""
    return await where.fetch(_FIND, organisation, list(ids))


async def define(connection: Connection, organisation: UUID, activities: bytes) -> None:
    """Merge definitions, given as a JSON array of {"id", "definition"}, into what is known."""
    await connection.execute("select define_activities($1, $2)", organisation, activities)
