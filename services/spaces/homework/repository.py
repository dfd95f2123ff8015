"""Homework: what is shown is built as JSON by PostgreSQL; writers hold the submission's row first."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.spaces.homework.rules import MOST_ATTEMPTS
from services.spaces.posts.rules import NEWEST_FIRST, PUBLISHED_IN
from services.spaces.spaces.rules import TOLD
from services.spaces.tables import Connection, Pool, Row

_POINTS: Final = "round({hundredths} / 100.0, 2)::text"

# The submission `w` of a student, if any, with its newest attempt `a` and the newest return `r` of that.
_NEWEST: Final = """
left join lateral (
  select b.id, b.handed_in_at, b.is_late, count(*) over () as attempts
  from submission_attempt b where b.submission = w.id order by b.id desc limit 1
) a on true
left join lateral (
  select q.id, q.mark, q.returned_at from submission_return q
  where q.attempt = a.id order by q.id desc limit 1
) r on true
"""
_STATE: Final = """case
  when a.id is null then 'new'
  when r.id is not null then 'returned'
  when exists (
    select from submission_attempt b join submission_return q on q.attempt = b.id where b.submission = w.id
  ) then 'resubmitted'
  else 'submitted' end"""
_STANDING: Final = f"""
  'state', {_STATE}, 'attempts', coalesce(a.attempts, 0), 'handed_in_at', a.handed_in_at, 'late', a.is_late,
  'mark', {_POINTS.format(hundredths="r.mark")}, 'returned_at', r.returned_at"""

_WORK: Final = f"""
select json_build_object(
  'post', g.post, 'student', json_build_object('id', $2::uuid, 'name', n.name), 'state', {_STATE},
  'attempts', coalesce((
    select json_agg(json_build_object(
      'id', o.id, 'number', o.number, 'text', o.text, 'links', o.links, 'handed_in_at', o.handed_in_at,
      'late', o.is_late, 'returns', coalesce((
        select json_agg(json_build_object(
          'id', q.id, 'mark', {_POINTS.format(hundredths="q.mark")}, 'comment', q.comment,
          'teacher', json_build_object('id', q.teacher, 'name', t.name), 'returned_at', q.returned_at
        ) order by q.id)
        from submission_return q left join person t on t.id = q.teacher where q.attempt = o.id
      ), '[]')
    ) order by o.id)
    from (
      select b.*, row_number() over (order by b.id) as number
      from submission_attempt b where b.submission = w.id
    ) o
  ), '[]')
) as item, w.id is not null as is_there
from assignment g
left join submission w on w.post = g.post and w.student = $2
left join person n on n.id = $2
{_NEWEST}
where g.post = $1
"""

# Everybody who is to hand in, and who has left the class since but handed in before.
_OF_CLASS: Final = f"""
select json_build_object('student', json_build_object('id', one.id, 'name', n.name), {_STANDING}), one.id
from (
  select m.person as id from membership m where m.space = $2 and m.role = 'student'
  union
  select w.student from submission w where w.post = $1
) one
left join submission w on w.post = $1 and w.student = one.id
left join person n on n.id = one.id
{_NEWEST}
where one.id > $3 order by one.id limit $4
"""

_OF_STUDENT: Final = f"""
with newest as materialized (
  select one.id from membership m cross join lateral (
    select post.id from post
    where {PUBLISHED_IN.format(space="m.space")} and post.kind = 'homework' and post.id < $2
    order by {NEWEST_FIRST} limit $3::int
  ) one
  where m.person = $1 and m.role = 'student' and m.basis = 'class'
  order by one.id desc limit $3::int
)
select json_build_object(
  'post', json_build_object('id', p.id, 'title', p.title,
    'space', json_build_object('id', s.id, 'kind', s.kind, 'title', s.title)),
  'assignment', json_build_object('due_at', g.due_at, 'closes_at', g.closes_at,
    'points', {_POINTS.format(hundredths="g.points")}),
  {_STANDING}
), p.id
from newest
cross join lateral (select * from post where post.id = newest.id limit 1) p
cross join lateral (select * from space where id = p.space limit 1) s
join assignment g on g.post = p.id
left join submission w on w.post = p.id and w.student = $1
{_NEWEST}
order by p.id desc
"""

_HOLD: Final = """
insert into submission (id, post, student) select uuid7(), g.post, $2 from assignment g where g.post = $1
on conflict (post, student) do update set student = excluded.student
returning id
"""
# Lateness is decided here, once, by the clock of the database; the same again is no new attempt.
_ADD: Final = f"""
with before as (
  select count(*) as attempts, (array_agg(b.content_hash order by b.id desc))[1] as last
  from submission_attempt b where b.submission = $1
), open as (
  select clock_timestamp() as at, g.due_at, coalesce(clock_timestamp() > g.closes_at, false) as is_closed
  from submission w join assignment g on g.post = w.post where w.id = $1
), added as (
  insert into submission_attempt (id, submission, text, links, handed_in_at, is_late, content_hash)
  select uuid7(), $1, $2, $3, o.at, coalesce(o.at > o.due_at, false), $4
  from open o cross join before b
  where not o.is_closed and b.attempts < {MOST_ATTEMPTS} and b.last is distinct from $4
  returning id
)
select (select id from added) as id, b.last is not distinct from $4 as is_same, o.is_closed
from before b cross join open o
"""

_TELL_OF_ATTEMPT: Final = f"""
insert into outbox (id, type, subject, data, traceparent)
select uuid7(), $2, w.id::text, json_build_object(
  'id', a.id, 'submission', w.id, 'post', p.id, 'title', p.title, 'student', w.student,
  'attempt', (select count(*) from submission_attempt b where b.submission = w.id and b.id <= a.id),
  'late', a.is_late, 'due_at', g.due_at, 'handed_in_at', a.handed_in_at, 'space', {TOLD}), $3
from submission_attempt a
join submission w on w.id = a.submission
join assignment g on g.post = w.post
join post p on p.id = w.post
join space s on s.id = p.space
left join school_class c on c.id = s.id
where a.id = $1
"""
_TELL_OF_RETURN: Final = f"""
insert into outbox (id, type, subject, data, traceparent)
select uuid7(), $2, w.id::text, json_build_object(
  'id', r.id, 'submission', w.id, 'post', p.id, 'title', p.title, 'student', w.student, 'teacher', r.teacher,
  'attempt', (select count(*) from submission_attempt b where b.submission = w.id and b.id <= a.id),
  'mark', {_POINTS.format(hundredths="r.mark")},
  'points', case when r.mark is not null then {_POINTS.format(hundredths="g.points")} end,
  'returned_at', r.returned_at, 'space', {TOLD}), $3
from submission_return r
join submission_attempt a on a.id = r.attempt
join submission w on w.id = a.submission
join assignment g on g.post = w.post
join post p on p.id = w.post
join space s on s.id = p.space
left join school_class c on c.id = s.id
where r.id = $1
"""

_NEWEST_ATTEMPT: Final = """
select b.id from submission_attempt b where b.submission = $1 order by b.id desc limit 1
"""
# The same again by the same teacher is no new return.
_GIVE_BACK: Final = """
with last as (
  select q.teacher, q.mark, q.comment from submission_return q where q.attempt = $1 order by q.id desc limit 1
)
insert into submission_return (id, attempt, teacher, mark, comment, returned_at)
select uuid7(), $1, $2, $3, $4, clock_timestamp()
where not exists (
  select from last where (teacher, mark, comment) is not distinct from ($2::uuid, $3::bigint, $4::text))
returning id
"""

# Of the same homework both records' attempts become one student's; their order is that of their ids.
_HAND_OVER: Final = """
with pair as (
  select o.id as other, s.id as survivor from submission o join submission s on s.post = o.post
  where o.student = $1 and s.student = $2
)
update submission_attempt a set submission = pair.survivor from pair where a.submission = pair.other
"""
_DROP_EMPTY: Final = """
delete from submission o where o.student = $1 and exists (
  select from submission s where s.post = o.post and s.student = $2)
"""
_ERASE: Final = (
    """
    delete from submission_return r using submission_attempt a, submission w
    where r.attempt = a.id and a.submission = w.id and w.student = any($1::uuid[])
    """,
    """
    delete from submission_attempt a using submission w
    where a.submission = w.id and w.student = any($1::uuid[])
    """,
    "delete from submission where student = any($1::uuid[])",
)


async def work(pool: Pool, post: UUID, student: UUID) -> Row | None:
    """`item`, a student's work as JSON, and whether anything `is_there`; None if the post is no homework."""
    return await pool.fetchrow(_WORK, post, student)


async def page_of_class(pool: Pool, post: UUID, space: UUID, *, after: UUID, limit: int) -> Sequence[Row]:
    """(JSON, student) of all students of the class; whoever asks must teach it."""
    return await pool.fetch(_OF_CLASS, post, space, after, limit)


async def page_of_student(pool: Pool, student: UUID, *, before: UUID, limit: int) -> Sequence[Row]:
    """(JSON, post) of the homework of a student's classes, newest first; for the student and guardians."""
    return await pool.fetch(_OF_STUDENT, student, before, limit)


async def is_guardian(pool: Pool, child: UUID, guardian: UUID) -> bool:
    """Whether somebody is told to be a child's guardian."""
    query = "select exists (select from guardian_link where child = $1 and guardian = $2)"
    return bool(await pool.fetchval(query, child, guardian))


async def best_mark(pool: Pool, post: UUID) -> Row | None:
    """`points` of a homework in hundredths; None if the post is none."""
    return await pool.fetchrow("select points from assignment where post = $1", post)


async def living(connection: Connection, person: UUID) -> UUID | None:
    """The person's present id, until the transaction ends; None if erased."""
    found: UUID | None = await connection.fetchval("select living($1)", person)
    return found


async def hold(connection: Connection, post: UUID, student: UUID) -> UUID | None:
    """The student's submission, held until the transaction ends; None if the post is no homework."""
    found: UUID | None = await connection.fetchval(_HOLD, post, student)
    return found


async def hold_given(connection: Connection, post: UUID, student: UUID) -> UUID | None:
    """The same of work that is there already."""
    query = "select id from submission where post = $1 and student = $2 for update"
    found: UUID | None = await connection.fetchval(query, post, student)
    return found


async def add_attempt(
    connection: Connection, submission: UUID, *, text: str | None, links: bytes, digest: bytes
) -> Row:
    """The new attempt's `id`; null if it `is_same` as the last, it `is_closed`, or there are too many."""
    row = await connection.fetchrow(_ADD, submission, text, links, digest)
    assert row is not None, "the submission is held"
    return row


async def newest_attempt(connection: Connection, submission: UUID) -> UUID | None:
    """What the student handed in last."""
    found: UUID | None = await connection.fetchval(_NEWEST_ATTEMPT, submission)
    return found


async def give_back(
    connection: Connection, attempt: UUID, teacher: UUID, mark: int | None, comment: str | None
) -> UUID | None:
    """The new return; None if this teacher last returned it just so."""
    found: UUID | None = await connection.fetchval(_GIVE_BACK, attempt, teacher, mark, comment)
    return found


async def tell_of_attempt(
    connection: Connection, attempt: UUID, event_type: str, traceparent: str | None
) -> None:
    await connection.execute(_TELL_OF_ATTEMPT, attempt, event_type, traceparent)


async def tell_of_return(
    connection: Connection, given_back: UUID, event_type: str, traceparent: str | None
) -> None:
    await connection.execute(_TELL_OF_RETURN, given_back, event_type, traceparent)


async def pass_on(connection: Connection, other: UUID, survivor: UUID) -> None:
    """Make the other's work, and what the other returned, the survivor's."""
    await connection.execute(_HAND_OVER, other, survivor)
    await connection.execute(_DROP_EMPTY, other, survivor)
    await connection.execute("update submission set student = $2 where student = $1", other, survivor)
    await connection.execute("update submission_return set teacher = $2 where teacher = $1", other, survivor)


async def erase(connection: Connection, people: Sequence[UUID]) -> None:
    """Remove what these people handed in; what they returned to others stays, by a former member."""
    for statement in _ERASE:
        await connection.execute(statement, people)
