"""Which ids are no people of their own any more. Only events write it."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.tables import Connection, Pool

# All who were merged into the other lead to the survivor at once, so that one step always leads to the end.
_RETIRE = """
with known as (
  insert into retired_person (id, survivor) values ($1, $2)
  on conflict (id) do update set survivor = excluded.survivor
)
update retired_person set survivor = $2 where survivor = $1
"""
_ERASE = """
with also as (
  update retired_person set survivor = null where survivor = any($1::uuid[]) and id <> all($1::uuid[])
)
insert into retired_person (id, survivor) select distinct unnest($1::uuid[]), null::uuid
on conflict (id) do update set survivor = null
"""


async def lock(connection: Connection, *, to_change: bool) -> None:
    """Until the transaction ends nobody is merged or erased; with `to_change`, nobody writes for a person."""
    function = "pg_advisory_xact_lock" if to_change else "pg_advisory_xact_lock_shared"
    await connection.execute(f"select {function}(hashtextextended('lives', 0))")


async def retired(where: "Connection | Pool", ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Which of these ids are no people of their own any more, with the survivor; None for the erased."""
    rows = await where.fetch("select id, survivor from retired_person where id = any($1::uuid[])", ids)
    return {row["id"]: row["survivor"] for row in rows}


async def retire(connection: Connection, other: UUID, survivor: UUID) -> None:
    """From now on `other` is an old id of `survivor`, which is not retired itself."""
    await connection.execute(_RETIRE, other, survivor)


async def erase(connection: Connection, people: Sequence[UUID]) -> None:
    """From now on these ids, and those of people merged into them, are nobody's."""
    await connection.execute(_ERASE, people)
