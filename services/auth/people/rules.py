"""What people are to organisations and to one another."""

from typing import Final, Literal, get_args

Role = Literal["student", "teacher", "guardian", "staff", "registrar", "assessor", "administrator", "auditor"]
Origin = Literal["roster", "hand"]
Tenure = Literal["open", "ended"]
PersonStatus = Literal["active", "closed"]

ROLES: Final[tuple[str, ...]] = get_args(Role)
ORIGINS: Final[tuple[str, ...]] = get_args(Origin)
TENURES: Final[tuple[str, ...]] = get_args(Tenure)
PERSON_STATUSES: Final[tuple[str, ...]] = get_args(PersonStatus)
