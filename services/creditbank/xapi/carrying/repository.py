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
_AGENTS_ELSEWHERE: Final = """
select distinct a.agent from record_import i cross join unnest(i.agents) as a (agent)
where i.learner = any($1) order by 1
"""
_STATEMENTS: Final = """
select s.position, s.id, s.voided, s.attachments, s.body, i.address, i.signed_by, m.authority
from (
  select w.*, sum(octet_length(body)) over (order by position) - octet_length(body) as before from (
    select s.organisation, s.position, s.id, s.voided, s.attachments, s.body from xapi_statement s
    where s.actor = $1 and s.position > $2 and s.position < $3 order by s.position limit $4
  ) w
) s
left join record_imported m on m.store = s.organisation and m.id = s.id
left join record_import i on i.id = m.import
where s.before < $5 order by s.position
"""
_DOCUMENTS: Final = """
select d.key, d.organisation, d.kind, d.agent, d.activity, d.registration, d.id, d.content_type, d.etag,
  d.modified_at, d.shelf, d.context, d.name, i.address, i.signed_by
from record_documents_of($1, $2, $3) d left join record_import i on i.id = d.import
where d.key > $4 order by d.key limit $5
"""
_CONTENT: Final = """
select content from xapi_document
where $3::bytea is not null and organisation = $1 and context = $2 and name = $3
union all
select content from record_imported_document where $3 is null and store = $1 and key = $2
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


async def agents_elsewhere(pool: Pool, numbers: Sequence[int]) -> list[str]:
    """Every agent that the person was elsewhere, on the person's word."""
    return [row["agent"] for row in await pool.fetch(_AGENTS_ELSEWHERE, list(numbers))]


async def documents(
    pool: Pool, holder: int, numbers: Sequence[int], issuer: str, after: bytes
) -> Sequence[asyncpg.Record]:
    """The next documents about a person after a key, without their contents."""
    return await pool.fetch(_DOCUMENTS, holder, list(numbers), issuer, after, _MOST)


async def content(pool: Pool, shelf: UUID, context: bytes, name: bytes | None) -> bytes | None:
    """The content of a document, if it is still there."""
    found: bytes | None = await pool.fetchval(_CONTENT, shelf, context, name)
    return found


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
insert into record_imported_credit as c (store, commitment, import, scheme, document, salt)
select $1, n.commitment, $2, n.scheme, n.document::json, n.salt
from unnest($3::bytea[], $4::text[], $5::text[], $6::bytea[]) as n (commitment, scheme, document, salt)
on conflict on constraint pk_record_imported_credit do update set salt = excluded.salt
where c.salt is null and excluded.salt is not null
"""
# Of two exports the document that was changed last stands.
_DOCUMENTS_BROUGHT: Final = """
insert into record_imported_document as d
  (store, import, key, organisation, kind, agent, activity, registration, id, content_type, content, etag,
  modified_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, greatest('epoch', least($13, now())))
on conflict on constraint pk_record_imported_document do update set import = excluded.import,
  content_type = excluded.content_type, content = excluded.content, etag = excluded.etag,
  modified_at = excluded.modified_at
where d.modified_at < excluded.modified_at
"""
_END: Final = """
update record_import i set ended_at = now(), refused = $3,
  statements = (select count(*) from record_imported r where r.store = $1 and r.import = $2),
  credits = (select count(*) from record_imported_credit c where c.store = $1 and c.import = $2),
  documents = (select count(*) from record_imported_document d where d.store = $1 and d.import = $2)
where i.id = $2
"""
_IMPORTS: Final = """
select json_build_object('id', i.id, 'address', i.address, 'signed_by', i.signed_by,
    'exported_at', i.exported_at, 'statements', i.statements, 'refused', i.refused, 'credits', i.credits,
    'documents', i.documents, 'begun_at', utc_text(i.begun_at),
    'ended_at', utc_text(i.ended_at)) as item, i.id
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
    pool: Pool, store: UUID, brought: UUID, entries: Sequence[tuple[str, str, str, str | None]]
) -> None:
    """What other books tell: commitments, schemes, documents, what opens the commitments."""
    once = {one[0]: one for one in entries}
    commitments, schemes, documents, salts = zip(*once.values(), strict=True)
    made = [bytes.fromhex(one) for one in commitments]
    opening = [None if one is None else bytes.fromhex(one) for one in salts]
    await pool.execute(_CREDITS, store, brought, made, list(schemes), list(documents), opening)


async def keep_document(pool: Pool, store: UUID, brought: UUID, document: Sequence[object]) -> None:
    """A document from elsewhere, unless a later one of the same name is there: its columns from `key` on."""
    await pool.execute(_DOCUMENTS_BROUGHT, store, brought, *document)


async def end(pool: Pool, store: UUID, brought: UUID, refused: int) -> None:
    """An import is done."""
    await pool.execute(_END, store, brought, refused)


async def imports(
    pool: Pool, numbers: Sequence[int], *, before: UUID | None, one: UUID | None, limit: int
) -> Sequence[asyncpg.Record]:
    """A person's imports, the newest first."""
    return await pool.fetch(_IMPORTS, list(numbers), before, one, limit)


_CREDITS_AGAIN: Final = """
select c.commitment, c.scheme, c.document::text as document, c.salt, i.address, i.signed_by
from record_import i join record_imported_credit c on c.store = i.store and c.import = i.id
where i.learner = any($1) and c.commitment > $2 order by c.commitment limit $3
"""


async def credits_elsewhere(pool: Pool, numbers: Sequence[int], after: bytes) -> Sequence[asyncpg.Record]:
    """The next entries of other books after a commitment, with what opens them."""
    return await pool.fetch(_CREDITS_AGAIN, list(numbers), after, _MOST)


async def credits_brought(
    pool: Pool, numbers: Sequence[int], *, after: str | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Credits that a person's imports tell of, in the order of their commitments."""
    return await pool.fetch(_BROUGHT, list(numbers), after, limit)


async def forget(connection: Connection, people: Sequence[UUID]) -> None:
    """What these people brought goes with them."""
    await connection.execute("select forget_imports($1)", people)
