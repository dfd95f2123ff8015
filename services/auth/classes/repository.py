"""SQL of classes; whose classes a caller may see was decided by authority before."""

from typing import Any, Final
from uuid import UUID

_CLASS: Final = """
json_build_object('id', c.id, 'version', c.version, 'status', c.status, 'title', c.title, 'code', c.code,
  'type', c.type, 'location', c.location, 'school', c.school_id,
  'course', (select json_build_object('id', k.id, 'title', k.title, 'code', k.code)
    from course k where k.id = c.course_id),
  'grades', c.grades, 'subjects', c.subjects, 'periods', c.periods,
  'terms', coalesce((select json_agg(json_build_object('id', a.id, 'title', a.title, 'type', a.type,
      'starts_on', a.starts_on, 'ends_on', a.ends_on) order by a.starts_on, a.id)
    from class_term t join academic_session a on a.id = t.academic_session_id
    where t.class_id = c.id), '[]'),
  'members', (select count(distinct e.person_id) from enrolment e
    where e.class_id = c.id and e.status = 'open'))
"""
_LIST: Final = f"""
select {_CLASS}, c.title, c.id from class c
where c.school_id = $1 and ($2::text is null or (c.title, c.id) > ($2, $3::uuid))
order by c.title, c.id limit $4
"""


async def classes_of(pool: Any, organisation: UUID, after: tuple[Any, ...] | None, limit: int) -> list[Any]:
    """The classes of a school as (JSON, title, id), by title."""
    title, group = after or (None, None)
    rows: list[Any] = await pool.fetch(_LIST, organisation, title, group, limit)
    return rows
