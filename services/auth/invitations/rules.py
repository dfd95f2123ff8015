"""Invitations to become a guardian: their states and limits."""

from typing import Final, Literal, get_args

State = Literal["open", "accepted", "linked", "refused", "revoked"]

STATES: Final[tuple[str, ...]] = get_args(State)
LIFE_DAYS: Final = 14
LIMIT: Final = 5
"""So many invitations of one child may wait or be of the last day."""
