"""Who may do what in a space. Everything that answers or refuses a request asks here."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["personal", "class", "school", "region"]
KINDS: Final[tuple[Kind, ...]] = ("personal", "class", "school", "region")

# What events tell of the space `s` something happened in, a class being `c`; `organisation` keeps records.
TOLD: Final = """json_build_object(
  'id', s.id, 'kind', s.kind, 'title', s.title, 'organisation', coalesce(c.school, s.id),
  'course', c.course, 'subjects', coalesce(c.subjects, '{}'), 'grades', coalesce(c.grades, '{}')
)"""
#: who, with a role held in that very place, speaks to everybody in a space of that kind
SPEAKERS: Final[dict[Kind, frozenset[str]]] = {
    "personal": frozenset(),
    "class": frozenset({"teacher"}),
    "school": frozenset({"staff", "administrator"}),
    "region": frozenset({"administrator"}),
}
#: who works in an institution; only they see the list of all its people, most of whom are children
WORKING: Final = frozenset({"teacher", "staff", "registrar", "assessor", "administrator", "auditor"})

#: bases that make a member; 'own' (the person's own space) and 'child' (a guardian's child) do not
_MEMBER: Final = frozenset({"class", "organisation", "beneath"})
_IN_PLACE: Final = frozenset({"class", "organisation"})


@dataclass(frozen=True, slots=True)
class Held:
    """A role of the caller, and why it counts in this space."""

    role: str
    basis: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What the caller may do in a space."""

    read: bool
    post: bool
    see_members: bool


def rights(kind: Kind, held: Set[Held], *, is_owner: bool, is_closed: bool) -> Rights:
    """The rights of one who holds these roles in a space of this kind.

    A guardian reads what the child reads, and is never shown the other children's names. A closed space
    stays as it is: readable to those who were in it, and nothing more.
    """
    as_member = {one.role for one in held if one.basis in _MEMBER}
    in_place = {one.role for one in held if one.basis in _IN_PLACE}
    return Rights(
        read=is_owner or bool(held),
        post=bool(in_place & SPEAKERS[kind]) and not is_closed,
        see_members=is_owner or bool(as_member if kind == "class" else as_member & WORKING),
    )


def speaks(kind: Kind, held: Set[Held]) -> bool:
    """Whether these roles speak in such a space as long as it is open."""
    return rights(kind, held, is_owner=False, is_closed=False).post
