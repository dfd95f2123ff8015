"""What a check of the books is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant; `query` selects the keys of rows that break it."""

    invariant: int
    statement: str
    query: str
