"""On whose behalf something is done."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

ActorKind = Literal["person", "client", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a client acting for `organisation`, or the operator at the command line (no id)."""

    kind: ActorKind
    id: UUID | None = None
    organisation: UUID | None = None
    session: UUID | None = None

    @property
    def person(self) -> UUID | None:
        """The acting person's id; None for machines."""
        return self.id if self.kind == "person" else None


SYSTEM = Actor("system")
