"""SQL of everything there is of one person, some at a time. Whose may be read was decided before."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Pool

_MOST: Final = 200
_MOST_BYTES: Final = 4 * 1024 * 1024
_KEYS: Final = """
select k.organisation, k.key, k.since, k.until from xapi_keys_of($1, $2, $3) k order by k.organisation, k.key
"""
_AGENTS: Final = "select distinct a.agent from xapi_agents_of($1, $2) a order by 1"
_STATEMENTS: Final = """
select position, id, voided, attachments, body from (
  select w.*, sum(octet_length(body)) over (order by position) - octet_length(body) as before from (
    select s.position, s.id, s.voided, s.attachments, s.body from xapi_statement s
    where s.actor = $1 and s.position > $2 and s.position < $3 order by s.position limit $4
  ) w
) s where before < $5 order by position
"""
_DOCUMENTS: Final = """
select d.context, d.name, d.kind, d.activity, d.registration, d.id, d.content_type, d.content,
  d.etag, d.modified_at
from xapi_document d
where d.organisation = $1 and d.agent = sha256(convert_to($2, 'UTF8')) and (d.context, d.name) > ($3, $4)
order by d.context, d.name limit 1
"""
_BOOKS: Final = """
select a.learner, a.scheme, s.code from account a join scheme s on s.id = a.scheme
where a.learner = any($1) order by a.learner, a.scheme
"""
_ENTRIES: Final = """
select d.sequence, d.id, d.document, d.commitment, k.wrapped
from entry_document d
left join shred_key k on k.learner = d.learner
where d.learner = $1 and d.scheme = $2 and d.sequence > $3 and d.sequence <= $3 + $4::integer
order by d.sequence
"""


async def keys(pool: Pool, holder: int, numbers: Sequence[int], issuer: str) -> Sequence[asyncpg.Record]:
    """The keys of a person's statements at each organisation, and between which positions they are theirs."""
    return await pool.fetch(_KEYS, holder, list(numbers), issuer)


async def agents(pool: Pool, numbers: Sequence[int], issuer: str) -> list[str]:
    """Every agent the person is or was."""
    return [row["agent"] for row in await pool.fetch(_AGENTS, list(numbers), issuer)]


async def statements(pool: Pool, key: UUID, after: int, end: int) -> Sequence[asyncpg.Record]:
    """The next statements with an actor's key between two positions; voided ones too."""
    return await pool.fetch(_STATEMENTS, key, after, end, _MOST, _MOST_BYTES)


async def document(
    pool: Pool, organisation: UUID, agent: str, after: tuple[bytes, bytes]
) -> asyncpg.Record | None:
    """The next document about an agent after (context, name)."""
    return await pool.fetchrow(_DOCUMENTS, organisation, agent, *after)


async def books(pool: Pool, numbers: Sequence[int]) -> Sequence[asyncpg.Record]:
    """The books of a person, by learner and scheme."""
    return await pool.fetch(_BOOKS, list(numbers))


async def entries(pool: Pool, learner: int, scheme: int, after: int) -> Sequence[asyncpg.Record]:
    """The next entries of a book, with the learner's wrapped key."""
    return await pool.fetch(_ENTRIES, learner, scheme, after, _MOST)
