"""SQL of stored profiles. Whoever asks was let in by the institution."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where

_SHOWN: Final = """
select json_build_object('id', p.id, 'institution', p.institution, 'code', p.code, 'version', p.version,
  'document', p.document, 'made_by', p.made_by, 'made_at', utc_text(p.made_at),
  'withdrawn_at', utc_text(p.withdrawn_at)) as item, p.id
from posting_profile p
"""
_ADD: Final = """
insert into posting_profile (id, institution, code, version, document, made_by)
select $1, $2, $3::varchar, coalesce(max(version), 0) + 1, $4, $5 from posting_profile
where institution = $2 and code = $3::varchar
"""
# The nearest institution of the line that has a profile of this name.
_FIND: Final = """
select p.id, p.code, p.document from institution x
join posting_profile p on p.institution = any(x.ancestors) and p.code = $2 and p.withdrawn_at is null
where x.id = $1 order by array_position(x.ancestors, p.institution) desc, p.version desc limit 1
"""
_NEWEST: Final = """
select id, document::text = $3::text and withdrawn_at is null as is_same from posting_profile
where institution = $1 and code = $2 order by version desc limit 1
"""


async def alone(connection: Connection, institution: UUID) -> None:
    """Let nobody else store a profile of the institution until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 10))", str(institution))


async def count(connection: Connection, institution: UUID) -> int:
    """How many versions the institution has stored."""
    query = "select count(*) from posting_profile where institution = $1"
    return int(await connection.fetchval(query, institution))


async def same(connection: Connection, institution: UUID, code: str, document: bytes) -> UUID | None:
    """The newest version of a profile if it says just this and is not withdrawn."""
    row = await connection.fetchrow(_NEWEST, institution, code, document.decode())
    return row["id"] if row is not None and row["is_same"] else None


async def add(
    connection: Connection, profile: UUID, institution: UUID, code: str, document: bytes, by: UUID
) -> None:
    """Keep a further version."""
    await connection.execute(_ADD, profile, institution, code, document, by)


async def shown(where: Where, profile: UUID) -> bytes:
    """One version as JSON."""
    row = await where.fetchrow(f"{_SHOWN} where p.id = $1", profile)
    assert row is not None, "none is ever removed"
    item: bytes = row["item"]
    return item


async def institution_of(where: Where, profile: UUID) -> UUID | None:
    """Whose profile it is."""
    found: UUID | None = await where.fetchval(
        "select institution from posting_profile where id = $1", profile
    )
    return found


async def page(
    pool: Pool, institution: UUID, code: str | None, before: UUID | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The institution's profiles as JSON with their ids, the newest version first."""
    query = (
        f"{_SHOWN} where p.institution = $1 and ($2::text is null or p.code = $2)"
        " and ($3::uuid is null or p.id < $3) order by p.id desc limit $4"
    )
    return await pool.fetch(query, institution, code, before, limit)


async def withdraw(pool: Pool, profile: UUID, by: UUID) -> None:
    """Let no new file be read by it."""
    await pool.execute(
        "update posting_profile set withdrawn_at = now(), withdrawn_by = $2"
        " where id = $1 and withdrawn_at is null",
        profile,
        by,
    )


async def find(where: Where, institution: UUID, code: str) -> asyncpg.Record | None:
    """The profile of this name that files of the institution are read by."""
    return await where.fetchrow(_FIND, institution, code)


async def document(where: Where, profile: UUID) -> asyncpg.Record | None:
    """Name and document of one version."""
    return await where.fetchrow("select code, document from posting_profile where id = $1", profile)
