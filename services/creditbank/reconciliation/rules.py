"""Where a call stands among those of its institution."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class CallPlace(NamedTuple):
    """When it was recorded, and its id."""

    recorded_at: datetime
    id: UUID
