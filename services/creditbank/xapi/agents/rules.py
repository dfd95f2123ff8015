"""From agents to persons."""

from collections.abc import Mapping
from typing import Any, Final

_SHOWN: Final = ("name", "mbox", "mbox_sha1sum", "openid", "account")


def person_of(agent: Mapping[str, Any]) -> dict[str, Any]:
    """A Person object of one agent: each attribute as a list (part three, 2.4)."""
    return {"objectType": "Person", **{name: [agent[name]] for name in _SHOWN if name in agent}}
