"""Reading an account as of any time: the own one, or a child's as its guardian."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common.identity import Caller
from libs.common.problems import NotFound
from services.creditbank.learners import service as learners
from services.creditbank.learners.rules import CONSENTED
from services.creditbank.statements import repository
from services.creditbank.statements.problems import ConsentNeeded
from services.creditbank.statements.rules import Place, View
from services.creditbank.tables import Pool

balances = repository.balances
statement = repository.statement


async def may_read(pool: Pool, caller: Caller, learner: UUID) -> datetime:
    """The time by the books' own clock.

    Raises NotFound for whom the learner is no business of, ConsentNeeded for a guardian without consent.
    """
    found = await learners.relation(pool, learner, person=caller.subject)
    if not (found.is_own or found.is_guardian):
        raise NotFound
    if not found.is_own and found.consent not in CONSENTED:
        raise ConsentNeeded(consent=found.consent)
    return found.at


async def parts(pool: Pool, learner: UUID, view: View, most: int) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """The rows of a whole statement, part by part, each by a statement of its own."""
    after: Place | None = None
    while rows := await repository.rows(pool, learner=learner, view=view, after=after, limit=most):
        yield [tuple(row)[:-1] for row in rows]
        if len(rows) < most:
            return
        last = rows[-1]
        after = Place(last["placed"], last["sequence"], last["id"])
