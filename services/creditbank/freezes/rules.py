"""Who freezes accounts."""

from typing import Final

#: of an organisation where the learner now has a role, or of one above it
FREEZING: Final = ("administrator",)
