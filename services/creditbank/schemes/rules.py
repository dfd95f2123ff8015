"""What a scheme is: a kind of credit that is counted apart from the others."""

from typing import Final

#: every account of a student is opened in this scheme
DEFAULT_SCHEME_ID: Final = 1
DEFAULT_SCHEME: Final = "xuebu:credits"
#: amounts are whole hundredths of a credit
DECIMALS: Final = 2
