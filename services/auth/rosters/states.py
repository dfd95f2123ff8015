"""The states of an import."""

from typing import Final, Literal, get_args

ImportState = Literal[
    "queued", "reading", "checking", "applying", "applied", "unchanged", "refused", "failed"
]
STATES: Final[tuple[str, ...]] = get_args(ImportState)
ENDED: Final = frozenset({"applied", "unchanged", "refused", "failed"})
ATTEMPTS: Final = 5
"""After so many workers that died over it, an import has failed."""
