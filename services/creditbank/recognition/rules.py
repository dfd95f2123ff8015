"""The life of a request to recognise what was learnt elsewhere."""

from typing import Final

#: requested > assessed by one person > offered by another > accepted by the learner, and so posted
STATES: Final = ("requested", "assessed", "offered", "posted", "rejected", "withdrawn")
MOST_CLAIMS: Final = 50
