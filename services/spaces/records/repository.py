"""Summaries of records, as creditbank tells them. Only events write them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.spaces.tables import Connection

# What is told of an old id is not the person's: of merged people the survivor's own summary comes too.
_LEARN: Final = """
insert into record_summary as s (person, version, summary)
select distinct on (e.learner) e.learner, e.version, e.summary
from jsonb_to_recordset($1::jsonb) as e (learner uuid, version bigint, summary json)
where not exists (select from retired_person r where r.id = e.learner)
order by e.learner, e.version desc
on conflict (person) do update set version = excluded.version, summary = excluded.summary
where s.version < excluded.version
"""


async def learn(connection: Connection, told: bytes) -> None:
    """Take over a JSON array of what was told; of each person the highest version stays."""
    await connection.execute(_LEARN, told)


async def erase(connection: Connection, people: Sequence[UUID]) -> None:
    """Forget what is known of these people."""
    await connection.execute("delete from record_summary where person = any($1::uuid[])", people)
