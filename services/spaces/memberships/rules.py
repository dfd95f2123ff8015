"""Roles, and why one counts in a space."""

from typing import Final, Literal

Role = Literal["student", "teacher", "guardian", "staff", "registrar", "assessor", "administrator", "auditor"]

#: 'class': enrolled in the class; 'organisation': a role held there itself; 'beneath': one held below it
Basis = Literal["class", "organisation", "beneath"]
BASES: Final[tuple[Basis, ...]] = ("class", "organisation", "beneath")
