"""What is known of learners."""

from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

Consent = Literal["not-needed", "missing", "given", "refused", "withdrawn"]

STATUSES: Final = ("active", "closed")
#: a guardian's, for a child under 14; institutions post credits whatever it says, as their duty is
CONSENTS: Final[tuple[str, ...]] = get_args(Consent)
#: what it says where more may be done than institutions' duty: a learner from 14 on needs none
CONSENTED: Final = ("given", "not-needed")


class Relation(NamedTuple):
    """What somebody is to a learner at a time; `consent` is None where the bank knows no such learner."""

    at: datetime
    consent: Consent | None
    is_own: bool
    is_guardian: bool
