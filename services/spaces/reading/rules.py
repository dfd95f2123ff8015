"""Limits of reading."""

from typing import Final

#: posts marked by one request
MOST_AT_ONCE: Final = 200
#: unread posts are counted among so many of each space's newest: a badge says 99+ anyway
MOST_COUNTED: Final = 100
