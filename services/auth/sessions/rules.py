"""What the cookie of a session looks like, and when a sign-in counts as fresh."""

import re
from datetime import datetime, timedelta
from typing import Final

SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
#: changing how one signs in needs a sign-in of the last minutes
FRESH: Final = timedelta(minutes=5)
#: what is over is forgotten so long afterwards: longer than what began in it can live and be recognised
REMEMBERED_DAYS: Final = 60


def is_fresh(authenticated_at: datetime, now: datetime) -> bool:
    """Whether the person proved it lately enough to change how to sign in."""
    return now - authenticated_at <= FRESH
