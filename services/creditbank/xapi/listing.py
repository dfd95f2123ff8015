"""What administrators see of rows that are each an organisation's: one of them, or all, the newest first."""

from dataclasses import dataclass
from uuid import UUID

from services.creditbank.tables import Pool, Where


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of a table, each shown as the JSON that `document` makes of the row `r`."""

    table: str
    document: str

    async def shown(self, where: Where, row: UUID) -> bytes:
        """One as JSON; whoever asks must have been let in."""
        query = f"select {self.document} from {self.table} r where r.id = $1"
        found: bytes = await where.fetchval(query, row)
        return found

    async def page(
        self, pool: Pool, organisation: UUID, before: UUID | None, limit: int
    ) -> list[tuple[bytes, UUID]]:
        """Those of the organisation as (JSON, id), the newest first."""
        query = (
            f"select r.id, {self.document} as item from {self.table} r"
            " where r.organisation = $1 and ($2::uuid is null or r.id < $2) order by r.id desc limit $3"
        )
        return [(row["item"], row["id"]) for row in await pool.fetch(query, organisation, before, limit)]
