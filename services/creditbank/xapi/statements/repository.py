"""Storing statements set-wise, and reading them back as they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

import asyncpg

from libs.common.database import constraint
from services.creditbank.tables import Connection, Where
from services.creditbank.xapi.statements.filters import SEPARATOR, Query
from services.creditbank.xapi.statements.multipart import Part
from services.creditbank.xapi.statements.preparing import Prepared, Voucher

#: SQLSTATE of store_statements for voiding what others vouch for
VOIDING_REFUSED: Final = "XA403"

_STORE: Final = f"select id, body from store_statements({', '.join(f'${n}' for n in range(1, 18))})"
_THERE: Final = "select id, body from xapi_statement where organisation = $1 and id = any($2::uuid[])"
_UNIQUE: Final = "uq_xapi_statement_organisation_id"
_KEEP = """
insert into xapi_attachment (organisation, sha2, content)
select $1, sha2, content from unnest($2::text[], $3::bytea[]) as n (sha2, content)
order by sha2
on conflict do nothing
"""
_ONE = """
select position, body, voided, attachments, actor
from xapi_statement
where organisation = $1 and id = $2
  and (($3::uuid is null and $4::uuid is null) or authority = $3 or actor = $4)
"""
_NEWEST = """
select body from xapi_statement
where organisation = $1 and actor = $2 and not voided
order by position desc limit 20
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of statements as they are sent back, with commas between, and where it ends."""

    joined: bytes | memoryview
    attachments: Sequence[str]
    last: int | None
    more: bool
    count: int

    def bodies(self) -> list[bytes]:
        """The statements one by one."""
        return bytes(self.joined).split(SEPARATOR) if self.joined else []


async def store(
    where: Where,
    voucher: Voucher,
    statements: Sequence[Prepared],
    activities: bytes | None,
    *,
    voids_anything: bool,
) -> dict[str, bytes]:
    """Store all of them, or none if some are there already: then these are returned by id, or
    `is_there_already` knows the error, and `there` tells which.
    """
    places = sorted(range(len(statements)), key=lambda place: statements[place].id)
    ordered = [statements[place] for place in places]
    facets = [statement.facets for statement in ordered]
    targets = [one.target for one in facets]
    refers = any(target is not None for target in targets)
    kind = 2 if voids_anything else 1
    rows = await where.fetch(
        _STORE,
        voucher.organisation,
        voucher.key,
        [statement.id for statement in ordered],
        places,
        [one.verb for one in facets],
        [one.actor for one in facets],
        [one.object for one in facets],
        [one.registration for one in facets],
        targets if refers else None,
        [kind if one.voiding else 0 for one in facets] if refers else None,
        [statement.happened for statement in ordered],
        [_array(statement.mentions) for statement in ordered],
        [key for one in ordered for key in one.mentions],
        [place for place, one in zip(places, ordered, strict=True) for _ in one.mentions],
        [_array(statement.attachments) for statement in ordered]
        if any(statement.attachments for statement in ordered)
        else None,
        [statement.body for statement in ordered],
        activities,
    )
    return _by_id(rows)


async def there(where: Where, organisation: UUID, statements: Sequence[Prepared]) -> dict[str, bytes]:
    """Those whose ids are taken, by id."""
    return _by_id(await where.fetch(_THERE, organisation, [statement.id for statement in statements]))


def is_there_already(error: asyncpg.PostgresError) -> bool:
    """Whether an error of `store` means that an id is taken."""
    return constraint(error) == _UNIQUE


def _by_id(rows: Sequence[asyncpg.Record]) -> dict[str, bytes]:
    return {str(row["id"]): row["body"] for row in rows}


@lru_cache(5_000)
def _array(values: tuple[str, ...]) -> str | None:
    """An array of keys or hashes as PostgreSQL reads it; none of them needs quotation marks."""
    return "{" + ",".join(values) + "}" if values else None


async def keep_attachments(connection: Connection, organisation: UUID, parts: Iterable[Part]) -> None:
    """Keep contents, each hash once."""
    kept = list(parts)
    await connection.execute(
        _KEEP, organisation, [part.sha2 for part in kept], [part.content for part in kept]
    )


async def attachments(where: Where, organisation: UUID, hashes: Sequence[str]) -> dict[str, bytes]:
    """Contents by hash."""
    rows = await where.fetch(
        "select sha2, content from xapi_attachment where organisation = $1 and sha2 = any($2)",
        organisation,
        hashes,
    )
    return {row["sha2"]: row["content"] for row in rows}


async def one(
    where: Where, organisation: UUID, identifier: UUID, authority: str | None, actor: str | None
) -> asyncpg.Record | None:
    """A statement by its id, if it is of this authority or by this agent; of anybody if both are None."""
    return await where.fetchrow(_ONE, organisation, identifier, authority, actor)


async def newest(where: Where, organisation: UUID, actor: str) -> Sequence[bytes]:
    """The newest statements of an actor that are not voided."""
    rows = await where.fetch(_NEWEST, organisation, actor)
    return [row["body"] for row in rows]


async def page(where: Where, query: Query) -> Found:
    """The statements of a query, which is of one organisation."""
    row = await where.fetchrow(query.text, *query.values)
    assert row is not None, "aggregates make one row"
    return Found(
        joined=row["bodies"] or b"",
        attachments=sorted(set((row["attachments"] or "").split())),
        last=row["last"],
        more=row["found"] > row["kept"],
        count=row["kept"],
    )


async def short_page(where: Where, query: Query, limit: int) -> Found | None:
    """The statements of a short query, of one organisation; None if the whole one has to be asked."""
    row = await where.fetchrow(query.text, *query.values)
    if row is None or not row["fit"]:
        return None
    joined, found = memoryview(row["bodies"]), row["found"]
    if found > limit:
        joined = joined[: row["bodies"].rindex(SEPARATOR)]
    return Found(joined, (), row["last"], found > limit, min(found, limit))
