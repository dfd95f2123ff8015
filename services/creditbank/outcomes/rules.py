"""What credits are given for."""

from typing import Final

STATUSES: Final = ("active", "closed")
KINDS: Final = ("course", "unit", "certificate")
