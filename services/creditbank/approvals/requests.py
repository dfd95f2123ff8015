"""What learners ask for, whatever it is: once under a key, shown one by one and as a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Where


@dataclass(frozen=True, slots=True)
class Requests:
    """One kind of request: its table, which has learner, id, key and payload_hash, and how it is shown.

    `shown` is a query of the table under the name `r` that gives id and `item`, the JSON.
    """

    table: str
    shown: str

    async def alone(self, connection: Connection, learner: int) -> None:
        """Let a learner's requests of this kind wait for one another: one sent twice at once is one."""
        query = "select pg_advisory_xact_lock(hashtextextended($1, $2))"
        await connection.execute(query, f"ask {self.table}", learner)

    async def known(self, where: Where, books: Sequence[int], key: str) -> asyncpg.Record | None:
        """What these books' learner asked for under a key."""
        query = f"select id, payload_hash from {self.table} where learner = any($1) and key = $2"
        return await where.fetchrow(query, list(books), key)

    async def document(self, where: Where, identifier: UUID) -> bytes:
        """One request as JSON; whoever asks must have been let in."""
        row = await where.fetchrow(f"{self.shown} where r.id = $1", identifier)
        assert row is not None, "asked for only when it is there"
        found: bytes = row["item"]
        return found

    async def of_learner(
        self, where: Where, books: Sequence[int], *, after: UUID | None, limit: int
    ) -> list[tuple[bytes, UUID]]:
        """The requests of these books' learner, the newest first, each as JSON and id."""
        rows = await where.fetch(
            f"{self.shown} where r.learner = any($1) and ($2::uuid is null or r.id < $2)"
            " order by r.id desc limit $3",
            list(books),
            after,
            limit,
        )
        return [(row["item"], row["id"]) for row in rows]
