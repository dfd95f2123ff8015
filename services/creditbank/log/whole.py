"""Reads of the whole books for the operator's export: it sees everything, in one snapshot."""

from collections.abc import AsyncIterator
from typing import Final

import asyncpg

from services.creditbank.tables import Connection

#: the parts of an account, as `account` names them
PARTS: Final = ("provisional", "available", "held", "redeemed", "converted", "expired", "revoked", "moved")
_AT_A_TIME: Final = 2_000

_ACCOUNTS: Final = f"""
select a.person, s.code, a.sequence, encode(a.head, 'hex') as head,
  {", ".join(f"credits_text(a.{part}) as {part}" for part in PARTS)}
from account a join scheme s on s.id = a.scheme
order by a.learner, a.scheme
"""
_INSTITUTIONS: Final = """
select p.institution, s.code as scheme, credits_text(sum(p.amount)::bigint) as amount
from posting p join scheme s on s.id = p.scheme
where p.institution is not null
group by p.institution, s.code order by p.institution, s.code
"""
_ENTRIES: Final = """
with leaf as materialized (
  select l.name, b.first + u.n - 1 as leaf, u.commitment
  from log_block b join log l on l.number = b.log
  cross join unnest(b.commitments) with ordinality as u (commitment, n)
)
select d.learner, a.person, s.code, d.sequence, d.id, d.document, encode(d.commitment, 'hex') as commitment,
  k.wrapped, f.name, f.leaf
from entry_document d
join account a on a.learner = d.learner and a.scheme = d.scheme
join scheme s on s.id = d.scheme
left join shred_key k on k.learner = d.learner
left join leaf f on f.commitment = d.commitment
order by d.learner, d.scheme, d.sequence
"""


async def accounts(connection: Connection) -> AsyncIterator[asyncpg.Record]:
    """Every account, learner by learner."""
    async for row in connection.cursor(_ACCOUNTS, prefetch=_AT_A_TIME):
        yield row


async def institutions(connection: Connection) -> AsyncIterator[asyncpg.Record]:
    """What stands against each institution in each scheme."""
    async for row in connection.cursor(_INSTITUTIONS, prefetch=_AT_A_TIME):
        yield row


async def entries(connection: Connection) -> AsyncIterator[asyncpg.Record]:
    """Every entry in the order of `accounts`, with its leaf if it has one and the learner's wrapped key."""
    async for row in connection.cursor(_ENTRIES, prefetch=_AT_A_TIME):
        yield row
