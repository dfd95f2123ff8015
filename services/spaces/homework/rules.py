"""States of work, and its limits."""

from typing import Final, Literal

#: nothing handed in; handed in; given back; handed in again after it was given back
State = Literal["new", "submitted", "returned", "resubmitted"]

#: every attempt is kept, so there is an end to them
MOST_ATTEMPTS: Final = 50
