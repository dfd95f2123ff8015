"""The standing of an institution in the bank."""

from typing import Final

STATUSES: Final = ("active", "closed")
#: registered institutions may post; what a withdrawn one posted stays valid
STANDINGS: Final = ("applied", "registered", "suspended", "withdrawn")
