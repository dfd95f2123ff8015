"""How somebody becomes nobody in the statements of others."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.statements.comparison import SIGNATURE

_AGENTS: Final = ("Agent", "Group")
_IDENTIFIERS: Final = ("mbox", "mbox_sha1sum", "openid", "account", "name")


def nobody(home: str, name: str) -> dict[str, Any]:
    """An agent that stands for an erased person in one organisation's store, and leads to no one."""
    return {"objectType": "Agent", "account": {"homePage": home, "name": name}}


def renamed(statement: dict[str, Any], is_gone: Callable[[str], bool], stand_in: dict[str, Any]) -> list[str]:
    """Put `stand_in` in the place of each agent of a valid statement whose key `is_gone`.

    Signatures go with their names, since what they sign tells the names too; returns their hashes.
    """
    for agent in _agents(statement):
        known = agent_key(agent)
        if known is not None and is_gone(known):
            for name in _IDENTIFIERS:
                agent.pop(name, None)
            agent["account"] = stand_in["account"]
    attached = statement.get("attachments", [])
    signatures = [one for one in attached if one["usageType"] == SIGNATURE]
    if signatures:
        statement["attachments"] = [one for one in attached if one["usageType"] != SIGNATURE]
        if not statement["attachments"]:
            del statement["attachments"]
    return [one["sha2"].lower() for one in signatures]


def _agents(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every agent and group that a statement, or the one within it, names; members after their group."""
    thing = part["object"]
    named = [part["actor"], *([part["authority"]] if "authority" in part else [])]
    if thing.get("objectType") in _AGENTS:
        named.append(thing)
    context = part.get("context", {})
    named += [context[name] for name in ("instructor", "team") if name in context]
    named += [one["agent"] for one in context.get("contextAgents", ())]
    named += [one["group"] for one in context.get("contextGroups", ())]
    for agent in named:
        yield agent
        yield from agent.get("member", ())
    if thing.get("objectType") == "SubStatement":
        yield from _agents(thing)
