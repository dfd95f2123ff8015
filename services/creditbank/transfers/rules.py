"""The life of a request to count credits that another institution issued."""

from typing import Final

STATES: Final = ("requested", "decided", "withdrawn")
