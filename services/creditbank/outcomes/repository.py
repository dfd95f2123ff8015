"""SQL of outcomes."""

from services.creditbank.tables import Connection

_LEARN = """
insert into outcome (id, version, status, title, code, organisation, sourced_id)
select distinct on (c.id) c.id, c.version, c.status, c.title, c.code, c.organisation, c.sourced_id
from jsonb_to_recordset($1::jsonb) as c (id uuid, version bigint, status text, title text, code text,
  organisation uuid, sourced_id text)
order by c.id, c.version desc
on conflict (id) do update set version = excluded.version, status = excluded.status, title = excluded.title,
  code = excluded.code, organisation = excluded.organisation, sourced_id = excluded.sourced_id
where outcome.version < excluded.version
"""


async def learn(connection: Connection, courses: bytes) -> None:
    """Take over the newer of the snapshots in a JSON array of courses."""
    await connection.execute(_LEARN, courses)
