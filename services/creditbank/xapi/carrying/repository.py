"""SQL of everything there is of one person, some at a time. Whose may be read was decided before."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from services.creditbank.tables import Connection, Pool

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


_BEGIN: Final = """
insert into record_import (id, learner, store, digest, address, signed_by, exported_at, agents)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (learner, digest) do update set signed_by = excluded.signed_by returning id
"""
# Only of what is in the store: what was refused has come from nowhere.
_ORIGINS: Final = """
insert into record_imported (store, id, import, authority)
select $1, n.id::uuid, $2, n.authority::json
from unnest($3::text[], $4::text[]) as n (id, authority)
where n.id ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'
  and exists (select from xapi_statement s where s.organisation = $1 and s.id = n.id::uuid)
on conflict do nothing
"""
_CREDITS: Final = """
insert into record_imported_credit (store, commitment, import, scheme, document)
select $1, n.commitment, $2, n.scheme, n.document::json
from unnest($3::bytea[], $4::text[], $5::text[]) as n (commitment, scheme, document)
on conflict do nothing
"""
_END: Final = """
update record_import i set ended_at = now(), refused = $3,
  statements = (select count(*) from record_imported r where r.store = $1 and r.import = $2),
  credits = (select count(*) from record_imported_credit c where c.store = $1 and c.import = $2)
where i.id = $2
"""
_IMPORTS: Final = """
select json_build_object('id', i.id, 'address', i.address, 'signed_by', i.signed_by,
    'exported_at', i.exported_at, 'statements', i.statements, 'refused', i.refused, 'credits', i.credits,
    'begun_at', utc_text(i.begun_at), 'ended_at', utc_text(i.ended_at)) as item, i.id
from record_import i
where i.learner = any($1) and ($2::uuid is null or i.id < $2) and ($3::uuid is null or i.id = $3)
order by i.id desc limit $4
"""
_BROUGHT: Final = """
select json_build_object('scheme', c.scheme, 'document', c.document,
    'commitment', encode(c.commitment, 'hex'), 'import', i.id, 'address', i.address,
    'signed_by', i.signed_by) as item, encode(c.commitment, 'hex') as place
from record_import i join record_imported_credit c on c.store = i.store and c.import = i.id
where i.learner = any($1) and ($2::text is null or c.commitment > decode($2, 'hex'))
order by c.commitment limit $3
"""


async def store_of(pool: Pool, holder: int) -> UUID:
    """The organisation of a person's own store."""
    found: UUID = await pool.fetchval("select id from learner where number = $1", holder)
    return found


async def count_imports(pool: Pool, numbers: Sequence[int]) -> int:
    """How many exports a person has brought."""
    return int(
        await pool.fetchval("select count(*) from record_import where learner = any($1)", list(numbers))
    )


async def begin(pool: Pool, learner: int, store: UUID, identifier: UUID, *about: object) -> UUID:
    """The import of a file, or the one that the same file has had.

    `about` are digest, address, signed_by, exported_at, agents.
    """
    found: UUID = await pool.fetchval(_BEGIN, identifier, learner, store, *about)
    return found


async def note_origins(pool: Pool, store: UUID, brought: UUID, origins: Sequence[tuple[str, object]]) -> None:
    """Where statements came from: ids, and who vouched for them."""
    told = [None if one[1] is None else orjson.dumps(one[1]).decode() for one in origins]
    await pool.execute(_ORIGINS, store, brought, [one[0] for one in origins], told)


async def note_credits(
    pool: Pool, store: UUID, brought: UUID, entries: Sequence[tuple[str, str, str]]
) -> None:
    """What other books tell: commitments, schemes, documents."""
    commitments, schemes, documents = zip(*entries, strict=True)
    made = [bytes.fromhex(one) for one in commitments]
    await pool.execute(_CREDITS, store, brought, made, list(schemes), list(documents))


async def end(pool: Pool, store: UUID, brought: UUID, refused: int) -> None:
    """An import is done."""
    await pool.execute(_END, store, brought, refused)


async def imports(
    pool: Pool, numbers: Sequence[int], *, before: UUID | None, one: UUID | None, limit: int
) -> Sequence[asyncpg.Record]:
    """A person's imports, the newest first."""
    return await pool.fetch(_IMPORTS, list(numbers), before, one, limit)


async def credits_brought(
    pool: Pool, numbers: Sequence[int], *, after: str | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Credits that a person's imports tell of, in the order of their commitments."""
    return await pool.fetch(_BROUGHT, list(numbers), after, limit)


async def forget(connection: Connection, people: Sequence[UUID]) -> None:
    """What these people brought goes with them."""
    await connection.execute("select forget_imports($1)", people)
