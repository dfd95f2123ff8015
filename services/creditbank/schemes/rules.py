"""What a scheme is: a kind of credit that is counted apart from the others."""

from typing import Final, Literal, get_args

Rounding = Literal["down", "half_up", "half_even"]

#: every account of a student is opened in this scheme
DEFAULT_SCHEME_ID: Final = 1
DEFAULT_SCHEME: Final = "xuebu:credits"
#: amounts are whole hundredths of a credit
DECIMALS: Final = 2
ROUNDINGS: Final[tuple[str, ...]] = get_args(Rounding)
