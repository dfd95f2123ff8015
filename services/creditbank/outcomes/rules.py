"""What credits are given for."""

from typing import Final

STATUSES: Final = ("active", "closed")
KINDS: Final = ("course", "unit", "certificate")
#: outcomes in one line, each a part of the one before
DEEPEST: Final = 10
