"""What is known here of those that learning events name."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection

# Of whom auth's news has not arrived, the consent that spaces knew of counts: it tells nothing without.
# Who is being erased is waited for, and whoever erases waits: nothing is written of the erased.
_HOLD: Final = "select from learner l where l.id = any($1) order by l.number for key share"
_PEOPLE: Final = """
select w.id, coalesce(h.id, w.id) as present, coalesce(h.consent, 'not-needed') as consent
from unnest($1::uuid[]) as w (id)
left join learner l on l.id = w.id
left join learner h on h.number = coalesce(l.merged_into, l.number)
where not exists (select from erased_person e where e.id = w.id)
"""
_TITLES: Final = """
select o.id, o.title from outcome o where o.id = any($1)
union all
select x.id, x.name from institution x where x.id = any($1)
"""


# Those that another process is about to tell are left to it.
_UNTOLD: Final = """
with chosen as materialized (
  select o.learner, o.organisation from learner_organisation o
  where ('student'::varchar = any(o.roles)) <> o.told limit $1 for update skip locked
)
update learner_organisation o set told = not o.told from chosen, learner l
where o.learner = chosen.learner and o.organisation = chosen.organisation and l.number = o.learner
returning o.organisation, l.id as person, o.told as is_student, o.since
"""


async def untold(connection: Connection, most: int) -> Sequence[asyncpg.Record]:
    """(organisation, person, is_student, since) of places that records do not tell of; told from now on."""
    return await connection.fetch(_UNTOLD, most)


async def people(connection: Connection, ids: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """(id, present, consent) of these people, without the erased; they stay so until the transaction ends."""
    await connection.execute(_HOLD, list(ids))
    return await connection.fetch(_PEOPLE, list(ids))


async def titles(connection: Connection, ids: Collection[UUID]) -> dict[UUID, str]:
    """What courses and organisations are called, of those that are known."""
    return {row["id"]: row["title"] for row in await connection.fetch(_TITLES, list(ids))}
