"""Statements to try the judge with: one that has everything, and ways to change a place in it."""

import json
from collections.abc import Iterator
from typing import Any

from services.creditbank.xapi.protocol.rules import Version

Path = tuple[str | int, ...]

AGENT: dict[str, Any] = {"objectType": "Agent", "name": "Li Hua", "mbox": "mailto:li.hua@example.com"}
GROUP: dict[str, Any] = {
    "objectType": "Group",
    "name": "Class 3",
    "account": {"homePage": "https://school.example/", "name": "3"},
    "member": [
        {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"},
        {"openid": "https://id.example/1"},
    ],
}
ACTIVITY: dict[str, Any] = {
    "objectType": "Activity",
    "id": "https://course.example/unit/1",
    "definition": {
        "name": {"zh-CN": "第一单元", "en": "Unit 1"},
        "description": {"en": "The first unit"},
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "moreInfo": "https://course.example/unit/1/about",
        "interactionType": "choice",
        "correctResponsesPattern": ["a[,]b"],
        "choices": [{"id": "a", "description": {"en": "A"}}, {"id": "b"}],
        "extensions": {"https://ext.example/x": {"any": None}},
    },
}
VERB: dict[str, Any] = {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"en-US": "answered"}}
RESULT: dict[str, Any] = {
    "score": {"scaled": 0.5, "raw": 5, "min": 0, "max": 10},
    "success": True,
    "completion": False,
    "response": "a",
    "duration": "PT4H35M59.14S",
    "extensions": {"https://ext.example/x": None},
}
CONTEXT: dict[str, Any] = {
    "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
    "instructor": AGENT,
    "team": GROUP,
    "contextActivities": {"parent": [ACTIVITY], "category": [{"id": "https://profile.example/"}]},
    "revision": "2",
    "platform": "web",
    "language": "zh-Hans-CN",
    "statement": {"objectType": "StatementRef", "id": "0c7a3f7e-2c8f-4f5e-9d52-0b8c0a4e7a11"},
    "extensions": {"https://ext.example/x": ""},
}
ATTACHMENT: dict[str, Any] = {
    "usageType": "https://usage.example/essay",
    "display": {"en": "Essay"},
    "description": {"en": "An essay"},
    "contentType": "text/plain; charset=utf-8",
    "length": 27,
    "sha2": "495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a",
    "fileUrl": "https://files.example/1",
}
RELEVANT: dict[str, Any] = {
    "contextAgents": [
        {"objectType": "contextAgent", "agent": AGENT, "relevantTypes": ["https://type.example/coach"]}
    ],
    "contextGroups": [{"objectType": "contextGroup", "group": GROUP}],
}
VERSIONS: tuple[Version, ...] = ("1.0.3", "2.0.0")


def _apart(value: dict[str, Any]) -> dict[str, Any]:
    """A copy no part of which is another part too."""
    found: dict[str, Any] = json.loads(json.dumps(value))
    return found


def whole(version: Version = "1.0.3") -> dict[str, Any]:
    """A statement with every property there is, on its own."""
    context = {**CONTEXT, **(RELEVANT if version == "2.0.0" else {})}
    return _apart(
        {
            "id": "12345678-1234-5678-9234-567812345678",
            "actor": AGENT,
            "verb": VERB,
            "object": ACTIVITY,
            "result": RESULT,
            "context": context,
            "timestamp": "2026-06-30T08:00:00.123456Z",
            "stored": "2026-06-30T08:00:01Z",
            "authority": AGENT,
            "version": "1.0.0" if version == "1.0.3" else "2.0.0",
            "attachments": [ATTACHMENT],
        }
    )


def nested(version: Version = "1.0.3") -> dict[str, Any]:
    """One whose object is a substatement with every property that one may have."""
    outer, inner = whole(version), whole(version)
    for name in ("id", "stored", "authority", "version"):
        del inner[name]
    outer["object"] = {"objectType": "SubStatement", **inner}
    for name in ("revision", "platform"):
        del outer["context"][name]
    return outer


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def with_value(statement: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The statement with something else at a place."""
    found = _apart(statement)
    at(found, path[:-1])[path[-1]] = value
    return found


def without(statement: dict[str, Any], path: Path) -> dict[str, Any]:
    found = _apart(statement)
    del at(found, path[:-1])[path[-1]]
    return found


def written(path: Path) -> str:
    """A path as findings tell it."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place of a statement that its own rules reach: not what is inside extensions."""
    steps: Iterator[tuple[str | int, Any]]
    if isinstance(value, dict):
        steps = iter(value.items())
    elif isinstance(value, list):
        steps = iter(enumerate(value))
    else:
        return
    for step, inner in steps:
        yield (*path, step)
        if step != "extensions":
            yield from places(inner, (*path, step))
