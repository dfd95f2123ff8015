"""The local copy of what is told of classes. Only events write it."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.tables import Connection

# Looking teachers up class by class was a quarter of the cost of reading a portfolio.
_TEACHERS = """coalesce((
  select json_agg(
    json_build_object('id', t.person, 'name', p.name, 'primary', t.is_primary) order by t.person
  )
  from membership t left join person p on p.id = t.person
  where t.space = {id} and t.role = 'teacher'
), '[]')"""

_SAVE_CLASSES = f"""
insert into school_class as c (id, version, status, title, school, course, grades, subjects, terms, teachers)
select s.id, s.version, s.status, s.title, s.school, s.course,
  coalesce(s.grades, '{{}}'), coalesce(s.subjects, '{{}}'), coalesce(s.terms, '[]'),
  {_TEACHERS.format(id="s.id")}
from (
  select distinct on (s.id) s.*
  from jsonb_to_recordset($1::jsonb) as s (
    id uuid, version bigint, status text, title text, school uuid, course uuid,
    grades text[], subjects text[], terms json
  )
  order by s.id, s.version desc
) s
on conflict (id) do update set
  version = excluded.version,
  status = excluded.status,
  title = excluded.title,
  school = excluded.school,
  course = excluded.course,
  grades = excluded.grades,
  subjects = excluded.subjects,
  terms = excluded.terms,
  teachers = excluded.teachers
where excluded.version > c.version
returning c.id
"""

_RENAME_TEACHERS = f"""
update school_class c set teachers = {_TEACHERS.format(id="c.id")}
where c.id in (
  select m.space from membership m
  where m.person = any($1::uuid[]) and m.role = 'teacher' and m.basis = 'class'
)
"""

_RETELL_TEACHERS = f"""
update school_class c set teachers = {_TEACHERS.format(id="c.id")} where c.id = any($1::uuid[])
"""


async def save(connection: Connection, snapshots: bytes) -> Sequence[UUID]:
    """Store each class's newest snapshot and return the ids of those it changed or added.

    Who teaches is taken from the members, which must be up to date by now.
    """
    rows = await connection.fetch(_SAVE_CLASSES, snapshots)
    return [row["id"] for row in rows]


async def rename_teachers(connection: Connection, people: Sequence[UUID]) -> None:
    """Let the classes these people teach show their names as they are now."""
    await connection.execute(_RENAME_TEACHERS, people)


async def retell_teachers(connection: Connection, classes: Sequence[UUID]) -> None:
    """Let these classes show who teaches them now."""
    await connection.execute(_RETELL_TEACHERS, classes)
