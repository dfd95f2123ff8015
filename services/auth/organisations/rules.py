"""What organisations are, and how they nest."""

from typing import Final, Literal, get_args

OrganisationType = Literal["country", "region", "district", "school", "university", "provider", "department"]
OrganisationStatus = Literal["active", "closed"]

TYPES: Final[tuple[str, ...]] = get_args(OrganisationType)
STATUSES: Final[tuple[str, ...]] = get_args(OrganisationStatus)
MAX_DEPTH: Final = 12
