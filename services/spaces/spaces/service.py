"""Entering a space: what the caller holds there and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.spaces.lives import service as lives
from services.spaces.spaces import repository, rules
from services.spaces.spaces.problems import MayNotPost, SpaceClosed, SpaceNotFound
from services.spaces.spaces.repository import (
    close_personal,
    open_for_classes,
    open_for_organisations,
    open_personal,
    pass_on_personal,
)
from services.spaces.spaces.rules import Held, Kind, Rights
from services.spaces.tables import Pool, Row

__all__ = [
    "Place",
    "close_personal",
    "enter",
    "enter_to_post",
    "open_for_classes",
    "open_for_organisations",
    "open_personal",
    "pass_on_personal",
]


@dataclass(frozen=True, slots=True)
class Place:
    """A space as one person sees it; `caller` is the person's present id, should it have been another."""

    id: UUID
    caller: UUID
    kind: Kind
    title: str
    status: str
    held: frozenset[Held]
    rights: Rights
    caller_name: str | None = None

    @property
    def roles(self) -> Sequence[str]:
        return sorted({one.role for one in self.held})

    @property
    def is_closed(self) -> bool:
        return self.status == "closed"


def place_of(row: Row, caller: UUID) -> Place:
    """A row of a space with `roles` and `bases` of this caller."""
    held = frozenset(map(Held, row["roles"] or (), row["bases"] or ()))
    is_closed = row["status"] == "closed"
    return Place(
        id=row["id"],
        caller=caller,
        kind=row["kind"],
        title=row["title"],
        status=row["status"],
        held=held,
        rights=rules.rights(row["kind"], held, is_owner=row["id"] == caller, is_closed=is_closed),
        caller_name=row.get("caller_name"),
    )


async def enter(pool: Pool, caller: UUID, space: UUID, view: str | None = None) -> Place:
    """The space, for one who may read in it; raises SpaceNotFound for everybody else."""
    place = await _look(pool, caller, space, view)
    if place is None and (present := await lives.after_merges(pool, caller, space)):
        place = await _look(pool, present[0], present[1], view)
    if place is None:
        raise SpaceNotFound
    return place


async def _look(pool: Pool, caller: UUID, space: UUID, view: str | None) -> Place | None:
    row = await repository.enter(pool, caller, space, view)
    place = place_of(row, caller) if row is not None else None
    return place if place is not None and place.rights.read else None


async def enter_to_post(pool: Pool, caller: UUID, space: UUID, view: str | None = None) -> Place:
    """As `enter`, for one who may post; raises MayNotPost, or SpaceClosed where that alone prevents it."""
    place = await enter(pool, caller, space, view)
    if not rules.speaks(place.kind, place.held):
        raise MayNotPost
    if place.is_closed:
        raise SpaceClosed
    return place
