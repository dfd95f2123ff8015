"""Invitations to become a guardian: their states and limits."""

from typing import Final, Literal, get_args

State = Literal["open", "accepted", "linked", "refused", "revoked"]

STATES: Final[tuple[str, ...]] = get_args(State)
WAITING: Final = ("open", "accepted")
LIFE_DAYS: Final = 14
WAITING_LIMIT: Final = 5
"""So many invitations of one child may wait at a time."""
