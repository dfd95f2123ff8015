"""From agents to persons."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

_SHOWN: Final = ("name", "mbox", "mbox_sha1sum", "openid", "account")


def person_of(
    agent: Mapping[str, Any],
    *,
    names: Iterable[str] = (),
    identifiers: Iterable[tuple[str, Any]] = (),
) -> dict[str, Any]:
    """A Person object: each attribute as a list, the agent's own first (part three, 2.4)."""
    found: dict[str, list[Any]] = {name: [agent[name]] for name in _SHOWN if name in agent}
    for name, value in [*(("name", name) for name in names), *identifiers]:
        values = found.setdefault(name, [])
        if value not in values:
            values.append(value)
    return {"objectType": "Person", **{name: found[name] for name in _SHOWN if name in found}}
