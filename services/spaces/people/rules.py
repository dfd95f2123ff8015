"""What is known of people."""

from typing import Final, Literal, get_args

Consent = Literal["not-needed", "missing", "given", "refused", "withdrawn"]

#: a guardian's, for a child under 14. Whatever shows more of a person than rosters, class duties and the
#: institutions' own records do, to others than the person and the guardians, needs "not-needed" or "given".
CONSENTS: Final[tuple[str, ...]] = get_args(Consent)
