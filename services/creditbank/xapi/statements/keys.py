"""The keys statements are found by: digests of one length, whatever they stand for, each of one organisation.

A key is made of the organisation, of what the value is to the statement, and of the value. So nothing found
by a key is another organisation's, and an index entry takes 16 bytes even where an IRI takes thousands.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

#: what a value is to the statements that have its key
Kind = Literal[
    "agent",  # the agent who acts, or is the object, or vouches
    "member",  # an agent in a group that acts or is the object
    "related agent",  # an agent anywhere else
    "activity",  # the object
    "related activity",  # an activity anywhere else
    "verb",
    "registration",
    "authority",  # an application and its user together
]
_LONGEST_KEPT: Final = 300


def key(organisation: str, kind: Kind, value: str) -> str:
    """The key as 32 hexadecimal digits; `organisation` is its id in the same form."""
    if len(value) > _LONGEST_KEPT:
        return _digest(organisation, kind, value)
    return _kept(organisation, kind, value)


def _digest(organisation: str, kind: Kind, value: str) -> str:
    return sha256(f"{organisation} {kind}\0{value}".encode()).hexdigest()[:32]


_kept = lru_cache(maxsize=50_000)(_digest)


def registration_key(organisation: str, registration: str) -> str:
    """The key of a registration, however its UUID is written."""
    return key(organisation, "registration", UUID(registration).hex)
