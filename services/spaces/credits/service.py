"""Credits by person, for the slices that learn of people."""

from services.spaces.credits.repository import erase, pass_on

__all__ = ["erase", "pass_on"]
