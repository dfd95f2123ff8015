"""Which agents a person is by what auth tells of them, and who may say what others they are."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

SOURCES: Final = ("address", "link")
#: roles that look after whose accounts are whose
LINKING: Final = ("administrator", "registrar")
_LONGEST: Final = 320


def agents_of_address(address: str | None) -> list[str]:
    """The keys of the agents with this mail address: mailbox and SHA-1, as written and in small letters.

    Tools write addresses either way, and two ways of writing name one mailbox in practice.
    """
    if not address or len(address) > _LONGEST or "@" not in address:
        return []
    found: list[str] = []
    for written in dict.fromkeys((address, address.lower())):
        mailbox = f"mailto:{written}"
        digest = hashlib.sha1(mailbox.encode(), usedforsecurity=False).hexdigest()
        found += [f"mbox {mailbox}", f"mbox_sha1sum {digest}"]
    return found


def identifier(agent: str) -> tuple[str, Any]:
    """The property and value of an agent's key."""
    name, _, value = agent.partition(" ")
    if name != "account":
        return name, value
    home, _, account = value.partition(" ")
    return name, {"homePage": home, "name": account}


def as_agent(agent: str) -> Mapping[str, Any]:
    """An agent with this key, as statements name it."""
    name, value = identifier(agent)
    return {"objectType": "Agent", name: value}
