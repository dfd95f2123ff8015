"""Who decides for an institution."""

from typing import Final

#: publish rules, decide on transfers and awards
RULING: Final = ("administrator", "registrar")
#: judge what somebody has learnt elsewhere
ASSESSING: Final = (*RULING, "assessor")
