"""Reading a whole record store by key, a bounded number of bytes at a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from services.creditbank.tables import Pool

_MOST: Final = 500
_MOST_BYTES: Final = 8 * 1024 * 1024
_SOME: Final = """
select position, body, attachments from (
  select w.*, sum(octet_length(body)) over (order by position) - octet_length(body) as before from (
    select position, body, attachments from xapi_statement
    where organisation = $1 and position > $2 and position < $3 order by position limit $4
  ) w
) s where before < $5 order by position
"""


class Exported(NamedTuple):
    """One statement as it is sent back; `attachments` are hashes of contents that the store has."""

    position: int
    body: bytes
    attachments: Sequence[str]


Some = list[Exported]


async def some(pool: Pool, organisation: UUID, after: int, end: int) -> Some:
    """The next statements between two positions, at least one if there is any."""
    rows = await pool.fetch(_SOME, organisation, after, end, _MOST, _MOST_BYTES)
    return [Exported(row["position"], row["body"], row["attachments"] or ()) for row in rows]


async def is_known(pool: Pool, organisation: UUID) -> bool:
    """Whether the bank knows the organisation."""
    return bool(await pool.fetchval("select exists (select from institution where id = $1)", organisation))


async def analyse(pool: Pool) -> None:
    """Let the planner know what the tables hold now."""
    await pool.execute("select analyze_statements()")
