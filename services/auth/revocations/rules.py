"""Which tokens a revocation ends, and how long it has to be remembered."""

from typing import Final, Literal, get_args

Kind = Literal["token", "family", "session", "client", "person"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)

# The longest life that any setting gives an access token, and what verifiers forgive their clocks. A
# revocation is forgotten once no token that it ends can still be valid.
LONGEST_LIFE_SECONDS: Final = 3600 + 60
MOST_PER_PAGE: Final = 10_000
PRUNE_SECONDS: Final = 60.0
MOST_PRUNED: Final = 50_000
