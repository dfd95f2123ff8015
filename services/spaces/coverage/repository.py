"""Counting what there is of an organisation and everything beneath it."""

from collections.abc import Sequence
from uuid import UUID

from services.spaces.tables import Pool, Row

# A client of an organisation in the line above may look, and so may people with one of the roles there.
_STANDING = """
select
  ($3::uuid = any(o.ancestors)) is true or exists (
    select from person_role r
    where r.person = $2 and r.role = any($4::text[]) and r.organisation = any(o.ancestors)
  ) as may_look,
  exists (select from membership m where m.person = $2 and m.space = o.id) as belongs
from organisation o where o.id = $1
"""

_COVERAGE = """
with line as (
  select id from organisation where ancestors @> array[$1::uuid]
), people as (
  select r.person, bool_or(r.role = 'student') as is_student
  from person_role r where r.organisation in (select id from line) group by r.person
), classes as (
  select id from school_class where school in (select id from line)
)
select
  (select count(*) from people) as people,
  (select count(*) from people join space s on s.id = person and s.kind = 'personal') as people_with_space,
  (select count(*) from people where is_student) as students,
  (select count(*) from classes) as classes,
  (select count(*) from classes join space s on s.id = classes.id and s.kind = 'class') as classes_with_space,
  (select count(*) from membership m where m.space in (select id from classes)) as class_members
"""


async def standing(
    pool: Pool, organisation: UUID, person: UUID, client_of: UUID | None, roles: Sequence[str]
) -> Row | None:
    """Whether the caller may look at this organisation's figures, and else whether they belong to it."""
    return await pool.fetchrow(_STANDING, organisation, person, client_of, roles)


async def coverage(pool: Pool, organisation: UUID) -> Row:
    """The counts; whoever asks must have been let in (`standing`)."""
    row = await pool.fetchrow(_COVERAGE, organisation)
    assert row is not None
    return row
