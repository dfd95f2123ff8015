"""What classes are made of; the field's words are OneRoster's."""

from typing import Final, Literal, get_args

ClassRole = Literal["student", "teacher", "staff"]
Tenure = Literal["open", "ended"]
Status = Literal["active", "closed"]

CLASS_ROLES: Final[tuple[str, ...]] = get_args(ClassRole)
TENURES: Final[tuple[str, ...]] = get_args(Tenure)
STATUSES: Final[tuple[str, ...]] = get_args(Status)
