"""Reads of the whole books, for the audit alone: it sees everything and names nobody."""

from collections.abc import AsyncIterator

import asyncpg

from services.creditbank.books.rules import Check
from services.creditbank.tables import Connection

_ENTRIES = """
select d.learner, d.scheme, d.sequence, d.id, d.document, d.commitment, k.wrapped
from entry_document d left join shred_key k on k.learner = d.learner
"""

_DOUBLED = """
select count(*) from (
  select from lot t join learner l on l.number = t.learner
  where l.joined and t.attempt is not null and t.revoked < t.issued
  group by coalesce(l.merged_into, l.number), t.issuer, t.attempt having count(*) > 1
) doubled
"""


async def first_broken(connection: Connection, check: Check) -> str | None:
    """The keys of the first row that breaks a check, as JSON."""
    # One row is fetched and no limit written: told of one, the planner expects the first row to be broken,
    # and takes what begins soonest; on books that hold that may compare every row with every other.
    broken: bytes | None = await connection.fetchval(f"select row_to_json(t) from ({check.query}) t")
    return None if broken is None else broken.decode()


async def count_entries(connection: Connection) -> int:
    """How many entries the books have."""
    return int(await connection.fetchval("select count(*) from entry"))


async def count_doubled(connection: Connection) -> int:
    """How many attempts were credited in two books that are read as one since their learners were merged."""
    return int(await connection.fetchval(_DOUBLED))


async def entries(connection: Connection) -> AsyncIterator[asyncpg.Record]:
    """Every entry with its canonical JSON, made from its rows, and its learner's wrapped key."""
    async for row in connection.cursor(_ENTRIES, prefetch=2_000):
        yield row
