"""What organisations are to this service."""

from typing import Final

STATUSES: Final = ("active", "closed")
#: types whose space is a region's; every other organisation's is an institution's
REGION_TYPES: Final = ("country", "region", "district")
