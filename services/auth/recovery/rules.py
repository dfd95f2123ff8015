"""Recovery of a forgotten password: how long a link is good, and how many a person gets."""

from datetime import timedelta
from typing import Final

LINK_MINUTES: Final = 30
LINK_LIFE: Final = timedelta(minutes=LINK_MINUTES)
LINK_BYTES: Final = 32
#: more than so many mails in a day are somebody else's game with the person's inbox
LINKS_A_DAY: Final = 5
#: a user name that nobody looked up for so long is of no use any more
WISH_LIFE: Final = timedelta(minutes=30)
