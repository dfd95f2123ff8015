"""What is known of learners."""

from typing import Final, Literal, get_args

Consent = Literal["not-needed", "missing", "given", "refused", "withdrawn"]

STATUSES: Final = ("active", "closed")
#: a guardian's, for a child under 14; institutions post credits whatever it says, as their duty is
CONSENTS: Final[tuple[str, ...]] = get_args(Consent)
