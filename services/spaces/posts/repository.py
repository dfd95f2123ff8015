"""Posts: lists built as JSON by PostgreSQL, and the writers."""

from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.spaces.posts.rules import NEWEST_FIRST, PUBLISHED_IN, SHOWN, Assignment, Draft
from services.spaces.posts.tables import Post
from services.spaces.tables import Connection, Pool, Row

#: later than every post, so that the first page needs no other statement than the following ones
NEWEST: Final = UUID(int=2**128 - 1)
_NO_HOMEWORK: Final = Assignment(None, None, None)

# `newest` gives one id more than is shown, so that the end of the list is known without another question.
_PAGE = """
, shown as (select id from newest order by id desc limit $1)
select
  coalesce((
    select json_agg({shown} order by p.id desc)
    from shown cross join lateral (select * from post where post.id = shown.id limit 1) p
    cross join lateral (select * from space where id = p.space limit 1) s
    left join lateral (select * from person where id = p.author limit 1) a on true
  ), '[]') as items,
  case when (select count(*) from newest) > $1 then (select id from shown order by id limit 1) end as last
"""

_OF_SPACE = f"""
with newest as materialized (
  select post.id from post
  where {PUBLISHED_IN.format(space="$3")} and post.id < $2
  order by {NEWEST_FIRST} limit $1::int + 1
)
{_PAGE.format(shown=SHOWN.format(reader="$4"))}
"""

# The newest of each space, then the newest of those: the cost grows with the number of one's spaces and the
# length of the page, not with the number of posts.
_FEED = f"""
with mine as (
  select m.space from membership m where m.person = $3 and ($4::text is null or m.role = $4)
  union
  select m.space from guardian_link g
  join membership m on m.person = g.child and m.role = 'student' and m.basis = 'class'
  where g.guardian = $3 and ($4::text is null or $4 = 'guardian')
), newest as materialized (
  select one.id from mine cross join lateral (
    select post.id from post
    where {PUBLISHED_IN.format(space="mine.space")} and post.id < $2
    order by {NEWEST_FIRST} limit $1::int + 1
  ) as one
  order by one.id desc limit $1::int + 1
)
{_PAGE.format(shown=SHOWN.format(reader="$3"))},
  exists (select from person where id = $3) as is_known,
  $4::text is null or exists (select from membership m where m.person = $3 and m.role = $4)
    or ($4 = 'guardian' and exists (select from guardian_link g where g.guardian = $3)) as is_held
"""

_ONE = f"""
select {SHOWN.format(reader="$2")} as item, p.space from post p
join space s on s.id = p.space left join person a on a.id = p.author
where p.id = $1 and p.status = 'published'
"""

# One statement, so that the post, its audit row and its event stand or fall together. A second writer with
# the same key waits here for the first one's end and then adds nothing.
_PUBLISH = """
with writer as materialized (
  select living($3) as id
), added as (
  insert into post (
    id, space, author, kind, title, text, links, status, recorded_at, client_key, content_hash
  ) select $1, $2, id, $4, $5, $6, $7, 'published', $8, $9, $10 from writer where id is not null
  on conflict (author, client_key) do nothing
  returning id, space, author, recorded_at
), noted as (
  insert into post_audit (id, post, space, actor, action, recorded_at)
  select uuid7(), id, space, author, 'published', recorded_at from added
), assigned as (
  insert into assignment (post, due_at, closes_at, points)
  select id, $15, $16, $17 from added where $14
), told as (
  insert into outbox (id, type, subject, data, traceparent)
  select uuid7(), $11, id::text, $12, $13 from added
)
select id as author, exists (select from added) as added from writer
"""
# The same key may have been used under both ids: it stays the survivor's own.
_HAND_OVER = """
update post set author = $2, client_key = case
    when exists (select from post o where o.author = $2 and o.client_key = post.client_key)
    then substring(sha256(client_key || uuid_send(id)) for 16) else client_key end
where author = $1
"""


async def page_of_space(pool: Pool, space: UUID, reader: UUID, before: UUID, limit: int) -> Row:
    """`items`, the posts of one space as JSON, newest first, and `last`, the id to go on before."""
    row = await pool.fetchrow(_OF_SPACE, limit, before, space, reader)
    assert row is not None
    return row


async def feed(pool: Pool, person: UUID, view: str | None, before: UUID, limit: int) -> Row:
    """As `page_of_space`, of all spaces this person reads in that role; also `is_known` and `is_held`."""
    row = await pool.fetchrow(_FEED, limit, before, person, view)
    assert row is not None
    return row


async def one(pool: Pool, post: UUID, reader: UUID) -> Row | None:
    """`item`, the post as JSON, and its `space`, whose rights decide who may see it."""
    return await pool.fetchrow(_ONE, post, reader)


async def publish(
    pool: Pool,
    draft: Draft,
    *,
    links: bytes,
    event_type: str,
    event: bytes,
    traceparent: str | None,
) -> Row:
    """Add the post, what makes it homework, its audit row and its event.

    `added` is false if the author's key is already used; `author` is the author's id by now, null if erased.
    """
    more = draft.assignment or _NO_HOMEWORK
    row = await pool.fetchrow(
        _PUBLISH,
        draft.id,
        draft.space,
        draft.author,
        draft.kind,
        draft.title,
        draft.text,
        links,
        draft.recorded_at,
        draft.client_key,
        draft.content_hash,
        event_type,
        event,
        traceparent,
        draft.assignment is not None,
        more.due_at,
        more.closes_at,
        more.points,
    )
    assert row is not None
    return row


async def of_key(pool: Pool, author: UUID, client_key: bytes) -> Row | None:
    """What this author first published under a key."""
    return await pool.fetchrow(
        "select id, recorded_at, content_hash from post where author = $1 and client_key = $2",
        author,
        client_key,
    )


async def locked(session: AsyncSession, post: UUID, author: UUID) -> Post | None:
    """The author's own post, removed or not, held until the end of the transaction."""
    statement = select(Post).where(col(Post.id) == post, col(Post.author) == author).with_for_update()
    return (await session.exec(statement)).one_or_none()


async def author_and_space(pool: Pool, post: UUID) -> Row | None:
    """Whose post it is, where, and its status."""
    return await pool.fetchrow("select author, space, status from post where id = $1", post)


async def pass_on(connection: Connection, other: UUID, survivor: UUID) -> None:
    """Make the other's posts the survivor's."""
    await connection.execute(_HAND_OVER, other, survivor)
