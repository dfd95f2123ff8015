"""What operators and administrators did with whole record stores: who, when, by which filter, how many.

Never what was in it. A row is written before anything is done, and its counts with what they count.
"""

from uuid import UUID

from libs.common.identity import Caller
from libs.common.problems import NotFound
from services.creditbank.institutions import service as institutions
from services.creditbank.tables import Pool
from services.creditbank.xapi.operations import repository
from services.creditbank.xapi.operations.problems import NotInChargeOfStore
from services.creditbank.xapi.operations.rules import LOOKING_AFTER

begin = repository.begin
count = repository.count
move = repository.move
end = repository.end
next_pruning = repository.next_pruning
shown = repository.shown


async def require_charge(pool: Pool, caller: Caller, organisation: UUID) -> None:
    """The caller administers the organisation or one above it; raises NotFound, NotInChargeOfStore."""
    if await institutions.holds_role_above(pool, organisation, caller, LOOKING_AFTER):
        return
    if await institutions.may_oversee(pool, organisation, caller):
        raise NotInChargeOfStore
    raise NotFound


async def listed(
    pool: Pool, caller: Caller, organisation: UUID, before: UUID | None, limit: int
) -> list[tuple[bytes, UUID]]:
    """What was done with an organisation's store; raises NotFound, NotInChargeOfStore."""
    await require_charge(pool, caller, organisation)
    return await repository.page(pool, organisation, before, limit)
