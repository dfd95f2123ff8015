"""Whether a statement fits a template of a profile (xAPI Profiles 1.0, statement templates)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_STEP = re.compile(r"\.([A-Za-z]+)|\['([^']+)'\]|\[(\*)\]")


def values_at(statement: Any, location: str) -> list[Any]:
    """What a JSONPath of the kind profiles use leads to."""
    assert location.startswith("$"), location
    found, end = [statement], 1
    for step in _STEP.finditer(location, 1):
        assert step.start() == end, location
        end = step.end()
        name = step[1] or step[2]
        found = [next_one for one in found for next_one in _step(one, name)]
    assert end == len(location), location
    return found


def _step(value: Any, name: str | None) -> Iterator[Any]:
    if name is None:
        yield from value if isinstance(value, list) else ()
    elif isinstance(value, dict) and name in value:
        yield value[name]


def determined(statement: Mapping[str, Any], template: Mapping[str, Any]) -> bool:
    """Whether the statement has what makes it one of the template's."""
    what = statement["object"]["definition"]["type"]
    return bool(statement["verb"]["id"] == template["verb"] and what == template["objectActivityType"])


def broken(statement: Mapping[str, Any], template: Mapping[str, Any]) -> list[str]:
    """The locations of the rules that a statement does not keep."""
    return [rule["location"] for rule in template["rules"] if not _kept(statement, rule)]


def _kept(statement: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    found = values_at(statement, rule["location"])
    presence = rule.get("presence")
    if presence == "excluded":
        return not found
    if not found:
        return presence != "included"
    return (
        all(one in rule["all"] for one in found)
        if "all" in rule
        else "any" not in rule or any(one in rule["any"] for one in found)
    )
