"""What is done with a record store as a whole, and who looks at that."""

from typing import Final, Literal, get_args

Kind = Literal["import", "export", "pruning", "erasure"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
#: who is told of it, and who prunes
LOOKING_AFTER: Final = ("administrator",)
