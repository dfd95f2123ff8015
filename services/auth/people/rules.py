"""What people are to organisations and to one another."""

from dataclasses import dataclass
from typing import Final, Literal, get_args
from uuid import UUID

Role = Literal["student", "teacher", "guardian", "staff", "registrar", "assessor", "administrator", "auditor"]
Origin = Literal["roster", "hand"]
Tenure = Literal["open", "ended"]
PersonStatus = Literal["active", "closed"]

ROLES: Final[tuple[str, ...]] = get_args(Role)
ORIGINS: Final[tuple[str, ...]] = get_args(Origin)
TENURES: Final[tuple[str, ...]] = get_args(Tenure)
PERSON_STATUSES: Final[tuple[str, ...]] = get_args(PersonStatus)

# Where a person neither chose an active role nor has a primary one, the first of these is active.
BY_STRENGTH: Final[tuple[Role, ...]] = (
    *("administrator", "auditor", "registrar", "assessor", "staff", "teacher", "student", "guardian"),
)


@dataclass(frozen=True, slots=True)
class ActiveRole:
    """The role in which a person acts in a session: tokens and pages say it; it takes no right away."""

    id: UUID
    role: Role
    organisation: UUID
