"""The local copy of what is told of classes. Only events write it."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.tables import Connection

_SAVE_CLASSES = """
insert into school_class as c (id, version, status, title, school, course, grades, subjects, terms)
select distinct on (s.id)
  s.id, s.version, s.status, s.title, s.school, s.course,
  coalesce(s.grades, '{}'), coalesce(s.subjects, '{}'), coalesce(s.terms, '[]')
from jsonb_to_recordset($1::jsonb) as s (
  id uuid, version bigint, status text, title text, school uuid, course uuid,
  grades text[], subjects text[], terms json
)
order by s.id, s.version desc
on conflict (id) do update set
  version = excluded.version,
  status = excluded.status,
  title = excluded.title,
  school = excluded.school,
  course = excluded.course,
  grades = excluded.grades,
  subjects = excluded.subjects,
  terms = excluded.terms
where excluded.version > c.version
returning c.id
"""


async def save(connection: Connection, snapshots: bytes) -> Sequence[UUID]:
    """Store each class's newest snapshot and return the ids of those it changed or added."""
    rows = await connection.fetch(_SAVE_CLASSES, snapshots)
    return [row["id"] for row in rows]
