"""Who has read what: marks are set and counted set-wise."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.spaces.posts.rules import NEWEST_FIRST, PUBLISHED_IN
from services.spaces.reading.rules import MOST_COUNTED
from services.spaces.spaces.rules import TOLD
from services.spaces.tables import Connection, Pool, Row

# One statement, so that marks and events stand or fall together. Who belongs to a space, or has a child in
# the class, reads there; only a student's own reading is learning, and beyond duty, so that it needs consent.
_MARK: Final = f"""
with reader as materialized (
  select living($1) as id
), readable as materialized (
  select p.id, p.space, p.kind, p.title from (select distinct unnest($2::uuid[]) as id) w
  join post p on p.id = w.id and p.status = 'published'
  cross join reader r
  where exists (select from membership m where m.person = r.id and m.space = p.space)
    or p.space = r.id
    or exists (
      select from guardian_link g join membership m on m.person = g.child and m.role = 'student'
        and m.basis = 'class' and m.space = p.space
      where g.guardian = r.id)
), added as (
  insert into post_read (person, post, read_at)
  select r.id, p.id, now() from readable p cross join reader r order by p.id
  on conflict do nothing
  returning person, post, read_at
), told as (
  insert into outbox (id, type, subject, data, traceparent)
  select uuid7(), $3, p.id::text, json_build_object(
    'id', p.id, 'kind', p.kind, 'title', p.title, 'student', d.person, 'space', {TOLD},
    'read_at', d.read_at), $4
  from added d
  join readable p on p.id = d.post
  join space s on s.id = p.space
  left join school_class c on c.id = s.id
  join person n on n.id = d.person and n.consent in ('not-needed', 'given')
  where exists (
    select from membership m where m.space = p.space and m.role = 'student' and m.person = d.person)
)
select array(select id from readable order by id) as posts, exists (select from added) as added
"""

_UNREAD: Final = f"""
with mine as (
  select m.space from membership m where m.person = $1
  union
  select m.space from guardian_link g
  join membership m on m.person = g.child and m.role = 'student' and m.basis = 'class'
  where g.guardian = $1
)
select mine.space, count(*)::int as unread
from mine cross join lateral (
  select post.id, post.author from post
  where {PUBLISHED_IN.format(space="mine.space")}
  order by {NEWEST_FIRST} limit {MOST_COUNTED}
) p
where p.author <> $1 and not exists (select from post_read d where d.person = $1 and d.post = p.id)
group by mine.space order by mine.space
"""

# Each member once, in the first of their roles.
_READERS: Final = """
select one.person, n.name, one.role, d.read_at from (
  select m.person, min(m.role) as role from membership m
  where m.space = $2 and m.person > $4 and m.basis <> 'beneath' and m.person <> $5
    and ($3::boolean is null
      or $3 = exists (select from post_read r where r.post = $1 and r.person = m.person))
  group by m.person order by m.person limit $6
) one
left join post_read d on d.post = $1 and d.person = one.person
left join person n on n.id = one.person
order by one.person
"""

_HAND_OVER: Final = """
with gone as (
  delete from post_read where person = $1 returning post, read_at
)
insert into post_read (person, post, read_at) select $2, post, read_at from gone
on conflict (person, post) do update set read_at = least(post_read.read_at, excluded.read_at)
"""


async def mark(
    pool: Pool, reader: UUID, posts: Sequence[UUID], *, event_type: str, traceparent: str | None
) -> Row:
    """Mark those of the posts that this person may read: `posts`, and whether any was new (`added`)."""
    row = await pool.fetchrow(_MARK, reader, posts, event_type, traceparent)
    assert row is not None
    return row


async def unread(pool: Pool, person: UUID) -> Sequence[Row]:
    """How many posts of others this person has not read, by space."""
    return await pool.fetch(_UNREAD, person)


async def page_of_readers(
    pool: Pool, post: UUID, space: UUID, *, read: bool | None, author: UUID, after: UUID, limit: int
) -> Sequence[Row]:
    """The members of the post's space but its author, by id; whoever asks must speak in that space."""
    return await pool.fetch(_READERS, post, space, read, after, author, limit)


async def pass_on(connection: Connection, other: UUID, survivor: UUID) -> None:
    """What the other has read, the survivor has."""
    await connection.execute(_HAND_OVER, other, survivor)


async def erase(connection: Connection, people: Sequence[UUID]) -> None:
    """Forget what these people have read."""
    await connection.execute("delete from post_read where person = any($1::uuid[])", people)
