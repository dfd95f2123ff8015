"""What others know of credits who only hear what the bank tells: its events, added up."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from services.creditbank.tables import Where
from services.spaces.credits.rules import CHANGES

#: by scheme: what there is, how much of it is redeemed, how many entries
Totals = dict[str, tuple[Decimal, Decimal, int]]


async def heard(where: Where, learner: UUID, institution: UUID) -> Totals:
    """What somebody who added up every event has of a learner's credits of an institution."""
    rows = await where.fetch(
        "select type, data from outbox where subject = $1 and type like 'creditbank.credits.%'",
        str(institution),
    )
    totals: dict[str, list[Any]] = defaultdict(lambda: [Decimal(0), Decimal(0), 0])
    for row in rows:
        told = orjson.loads(row["data"])
        for entry in told["entries"]:
            if entry["learner"] != str(learner):
                continue
            for part in CHANGES[row["type"]]:
                total = totals[told[part.scheme]]
                total[0] += sum(
                    getattr(part, name) * Decimal(entry.get(name, 0))
                    for name in ("amount", "issued", "expired")
                )
                total[1] += part.redeemed * Decimal(entry["amount"])
                total[2] += part.entries + part.lots * entry.get("lots", 0)
    return {scheme: (one[0], one[1], one[2]) for scheme, one in totals.items() if any(one)}


_KNOWN = """
select s.code, sum(t.issued - t.revoked - t.expired - t.converted) / 100.0 as amount,
  sum(t.redeemed) / 100.0 as redeemed, count(*) filter (where not exists (select from entry e
    where e.learner = t.learner and e.scheme = t.scheme and e.reverses = t.number)) as lots
from lot t join scheme s on s.id = t.scheme where t.learner = any($1) and t.issuer = $2 group by s.code
"""


async def known(where: Where, learners: Sequence[int], institution: UUID) -> Totals:
    """The same by the books."""
    rows = await where.fetch(_KNOWN, list(learners), institution)
    return {row["code"]: tuple(row)[1:] for row in rows if any(tuple(row)[1:])}
