"""The portfolio as one statement whose JSON PostgreSQL builds."""

from typing import Final
from uuid import UUID

from services.spaces.posts.rules import NEWEST_FIRST, PUBLISHED_IN, SHOWN
from services.spaces.tables import Pool

# What is shown beside something is looked up by its key, row by row (`limit 1` keeps the planner to it):
# a plain join reads whole tables as long as statistics say that they are small, as after a first import.
_ORGANISATION: Final = "json_build_object('id', {id}, 'name', o.name, 'type', o.type)"

_ROLES = f"""
select coalesce(json_agg(json_build_object(
  'role', r.role, 'primary', r.is_primary, 'organisation', {_ORGANISATION.format(id="r.organisation")}
) order by r.is_primary desc, r.role, r.organisation), '[]')
from person_role r
left join lateral (select * from organisation where id = r.organisation limit 1) o on true
where r.person = $1
"""

_VIEWS = """
select coalesce(json_agg(v.role order by v.role), '[]') from (
  select m.role from membership m where m.person = $1
  union
  select 'guardian' where exists (select from guardian_link g where g.guardian = $1)
) v
"""

_CLASSES = f"""
select coalesce(json_agg(json_build_object(
  'id', c.id, 'title', c.title, 'role', m.role,
  'school', {_ORGANISATION.format(id="c.school")},
  'subjects', c.subjects, 'grades', c.grades, 'terms', c.terms, 'teachers', c.teachers
) order by m.role, c.id), '[]')
from membership m
cross join lateral (select * from school_class where id = m.space and status = 'active' limit 1) c
left join lateral (select * from organisation where id = c.school limit 1) o on true
where m.person = $1
"""

# Only ids are gathered from every space; texts are fetched for the few that are shown.
_POSTS = f"""
select coalesce(json_agg({SHOWN.format(reader="$2::uuid")} order by p.id desc), '[]')
from (
  select one.id from (select distinct m.space from membership m where m.person = $1) mine
  cross join lateral (
    select post.id from post where {PUBLISHED_IN.format(space="mine.space")}
    order by {NEWEST_FIRST} limit 5
  ) one
  order by one.id desc limit 5
) newest
cross join lateral (select * from post where post.id = newest.id limit 1) p
cross join lateral (select * from space where id = p.space limit 1) s
left join lateral (select * from person where id = p.author limit 1) a on true
"""

_TOTALS = """
select coalesce(json_agg(json_build_object(
  'scheme', t.scheme, 'amount', round(t.amount / 100, 2)::text,
  'redeemed', round(t.redeemed / 100, 2)::text, 'entries', t.entries
) order by t.scheme), '[]')
from (
  select scheme, sum(amount) as amount, sum(redeemed) as redeemed, sum(entries) as entries
  from credit_total where person = $1 group by scheme
) t
"""

_INSTITUTIONS = f"""
select coalesce(json_agg(json_build_object(
  'scheme', t.scheme, 'amount', round(t.amount::numeric / 100, 2)::text,
  'redeemed', round(t.redeemed::numeric / 100, 2)::text, 'entries', t.entries,
  'institution', {_ORGANISATION.format(id="t.institution")}
) order by t.scheme, t.institution), '[]')
from credit_total t
left join lateral (select * from organisation where id = t.institution limit 1) o on true
where t.person = $1
"""

# Learning is more than class duties: of a child under 14 it is shown only by consent.
_LEARNING = """
select json_build_object('statements', s.summary -> 'statements', 'months', s.summary -> 'months',
  'kinds', s.summary -> 'kinds', 'subjects', s.summary -> 'subjects')
from record_summary s where s.person = $1 and p.consent in ('given', 'not-needed')
"""

_PORTFOLIO: Final = f"""
select json_build_object(
  'person', json_build_object(
    'id', p.id, 'name', p.name, 'given_name', p.given_name, 'family_name', p.family_name,
    'preferred_name', p.preferred_name, 'status', p.status, 'consent', p.consent
  ),
  'roles', ({_ROLES}),
  'views', ({_VIEWS}),
  'classes', ({_CLASSES}),
  'posts', ({_POSTS}),
  'credits', json_build_object('totals', ({_TOTALS}), 'institutions', ({_INSTITUTIONS})),
  'learning', ({_LEARNING})
)
from person p
where p.id = $1
  and ($2 = $1 or exists (select from guardian_link g where g.child = $1 and g.guardian = $2))
"""


async def portfolio(pool: Pool, person: UUID, caller: UUID) -> bytes | None:
    """The person's portfolio as JSON, for the person and the guardians; None for anybody else."""
    found: bytes | None = await pool.fetchval(_PORTFOLIO, person, caller)
    return found
