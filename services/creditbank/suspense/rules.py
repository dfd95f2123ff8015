"""Credits that wait for their learner."""

from typing import Final, Literal, NamedTuple, get_args
from uuid import UUID

from services.creditbank.deposits.rules import Item

State = Literal["waiting", "posted", "refused", "withdrawn", "erased"]

STATES: Final[tuple[str, ...]] = get_args(State)
#: reasons for which credits wait rather than being refused
WAITS_FOR: Final = "learner_unknown"
#: items claimed together
PART: Final = 1_000


class Suspended(NamedTuple):
    """An item to keep for its learner; `file` and `number` say where it came from."""

    institution: UUID
    organisation: UUID
    client: UUID
    scheme: str
    file: UUID | None
    number: int | None
    item: Item
