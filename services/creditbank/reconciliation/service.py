"""What an institution was told, against what the books say."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common.identity import Caller
from libs.common.problems import NotFound
from services.creditbank.files import service as files
from services.creditbank.institutions import service as institutions
from services.creditbank.reconciliation import repository
from services.creditbank.reconciliation.rules import CallPlace
from services.creditbank.tables import Pool

calls = repository.calls
report = repository.report
trial_balance = repository.trial_balance


async def see(pool: Pool, caller: Caller, institution: UUID) -> None:
    """Raises NotFound for whom the institution is no business of."""
    if not await institutions.may_oversee(pool, institution, caller):
        raise NotFound


async def call_parts(
    pool: Pool, institution: UUID, since: datetime | None, until: datetime | None, most: int
) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """All calls as rows, part by part, each by a statement of its own."""
    after: CallPlace | None = None
    while rows := await calls(pool, institution, since, until, after, most, as_table=True):
        yield [tuple(row)[:-2] for row in rows]
        if len(rows) < most:
            return
        after = CallPlace(rows[-1]["placed"], rows[-1]["place"])


async def see_file(pool: Pool, caller: Caller, file: UUID) -> None:
    """Raises NotFound for whom the file is no business of."""
    await files.visible(pool, caller, file)


async def item_parts(pool: Pool, file: UUID, most: int) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """All items of a file as rows, part by part, each by a statement of its own."""
    after = 0
    while rows := await repository.item_rows(pool, file, after, most):
        yield [tuple(row) for row in rows]
        if len(rows) < most:
            return
        after = rows[-1]["number"]
