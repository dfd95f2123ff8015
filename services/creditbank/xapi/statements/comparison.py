"""Whether two statements are the same one (Data 2.3.1): what the store may have changed does not count."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from services.creditbank.xapi.validation.formats import moment

SIGNATURE: Final = "http://adlnet.gov/expapi/attachments/signature"
#: set or overwritten by the store, or told by others than the statement
_ASSIGNED: Final = frozenset({"id", "stored", "authority", "version", "timestamp"})
_FINER_THAN_HUNDREDTHS: Final = re.compile(r"([.,]\d\d)\d+(?=S)")


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two valid statements match, both normalised; of their times, only where both tell one."""
    return _equal(essence(one), essence(other)) and _times_match(one, other)


def essence(statement: Mapping[str, Any]) -> Any:
    """What makes a statement the one it is, in a form that is equal for equal ones.

    Left out: what the store assigns, displays of verbs and definitions of activities (2.3.1), and signatures,
    since these are made of the statement without them (2.6).
    """
    found: dict[str, Any] = {}
    for name, value in statement.items():
        if name in _ASSIGNED:
            continue
        if name == "verb":
            found[name] = value["id"]
        elif name == "actor":
            found[name] = _agent(value)
        elif name == "object":
            found[name] = _object(value)
        elif name == "context":
            found[name] = _context(value)
        elif name == "result":
            found[name] = _result(value)
        elif name == "attachments":
            listed = [_attachment(one) for one in value if one["usageType"] != SIGNATURE]
            if listed:
                found[name] = listed
        else:
            found[name] = value
    return found


def _equal(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _times_match(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    told, again = one.get("timestamp"), other.get("timestamp")
    if told is None or again is None or told == again:
        return True
    return _moment(told) == _moment(again)


def _moment(told: str) -> datetime | None:
    """A time by version 1.0.3, which takes all forms that 2.0 takes."""
    return moment(told, "1.0.3")


def _agent(agent: Mapping[str, Any]) -> Any:
    """An agent, or a group, whose members have no order. The case of a mail's domain does not count."""
    found = dict(agent)
    if "mbox" in found:
        local, at, domain = found["mbox"].rpartition("@")
        found["mbox"] = f"{local}{at}{domain.lower()}"
    if "mbox_sha1sum" in found:
        found["mbox_sha1sum"] = found["mbox_sha1sum"].lower()
    if "member" in found:
        found["member"] = sorted(
            orjson.dumps(_agent(member), option=orjson.OPT_SORT_KEYS) for member in found["member"]
        )
    return found


def _object(thing: Mapping[str, Any]) -> Any:
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        return _activity(thing)
    if kind == "StatementRef":
        return _reference(thing)
    if kind == "SubStatement":
        # its time is its own, nobody assigns one
        return {**essence(thing), "timestamp": _moment(thing.get("timestamp", ""))}
    return _agent(thing)


def _activity(activity: Mapping[str, Any]) -> Any:
    return {name: value for name, value in activity.items() if name != "definition"}


def _reference(reference: Mapping[str, Any]) -> Any:
    return {**reference, "id": reference["id"].lower()}


def _context(context: Mapping[str, Any]) -> Any:
    found = dict(context)
    for name in ("registration", "language"):
        if name in found:
            found[name] = found[name].lower()
    for name in ("instructor", "team"):
        if name in found:
            found[name] = _agent(found[name])
    if "statement" in found:
        found["statement"] = _reference(found["statement"])
    if "contextActivities" in found:
        found["contextActivities"] = {
            relation: [_activity(one) for one in (related if isinstance(related, list) else [related])]
            for relation, related in found["contextActivities"].items()
        }
    for name, member in (("contextAgents", "agent"), ("contextGroups", "group")):
        if name in found:
            found[name] = [{**one, member: _agent(one[member])} for one in found[name]]
    return found


def _result(result: Mapping[str, Any]) -> Any:
    """Durations are compared as texts, to hundredths of a second (Data 4.6)."""
    if "duration" not in result:
        return result
    return {**result, "duration": _FINER_THAN_HUNDREDTHS.sub(r"\1", result["duration"])}


def _attachment(attachment: Mapping[str, Any]) -> Any:
    return {**attachment, "sha2": attachment["sha2"].lower()}
