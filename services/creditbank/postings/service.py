"""Looking through an institution's own postings."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from libs.common.identity import Caller
from libs.common.problems import NotFound
from services.creditbank.institutions import service as institutions
from services.creditbank.postings import repository
from services.creditbank.postings.rules import Place, Sought
from services.creditbank.tables import Pool

page = repository.page


async def see(pool: Pool, caller: Caller, institution: UUID) -> None:
    """Raises NotFound for whom the institution is no business of."""
    if not await institutions.may_oversee(pool, institution, caller):
        raise NotFound


def place_of(row: asyncpg.Record) -> Place:
    """Where a posting stands in the order in which these are told."""
    return Place(row["placed"], row["placed_in"], row["place"])


async def parts(
    pool: Pool, institution: UUID, sought: Sought, most: int
) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """The rows of all that is sought, part by part, each by a statement of its own."""
    after: Place | None = None
    while rows := await repository.rows(pool, institution, sought, after, most):
        yield [tuple(row)[:-3] for row in rows]
        if len(rows) < most:
            return
        after = place_of(rows[-1])
