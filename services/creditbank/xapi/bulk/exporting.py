"""All statements of a record store, in the order of storing, as they are sent back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from services.creditbank.tables import Pool
from services.creditbank.xapi.bulk import repository
from services.creditbank.xapi.statements.horizon import Horizon

_SHIFT: Final = 20
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """What was stored from one millisecond on, up to before another one."""

    begin: int
    end: int

    @classmethod
    async def of(cls, pool: Pool, since: datetime | None, until: datetime | None) -> "Span":
        """A span that nothing comes into any more; one that begins where another ended misses nothing."""
        complete = await Horizon(pool).through()
        end = complete if until is None else min(until, complete)
        return cls(_milliseconds(since or _EPOCH), _milliseconds(end))

    @property
    def until(self) -> str:
        """Its end as RFC 3339 text."""
        moment = _EPOCH + timedelta(milliseconds=self.end)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def exported(pool: Pool, organisation: UUID, span: Span) -> AsyncIterator[repository.Some]:
    """The statements of a span, voided ones too, some at a time."""
    after, end = (span.begin << _SHIFT) - 1, span.end << _SHIFT
    while found := await repository.some(pool, organisation, after, end):
        yield found
        after = found[-1].position


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
