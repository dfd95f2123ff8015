"""Statements for tests, and the lists they come back in."""

from typing import Any
from uuid import uuid4

from tests.integration.creditbank.xapi.conftest import Tool

PATH = "/statements"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"


def fresh(kind: str) -> str:
    """An IRI nobody has used."""
    return f"https://x.example/{kind}/{uuid4()}"


def agent(name: str | None = None) -> dict[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": "https://x.example/", "name": name or uuid4().hex}}


def activity(identifier: str | None = None, **definition: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"id": identifier or fresh("activity")}
    return {**found, "definition": definition} if definition else found


def statement(**parts: Any) -> dict[str, Any]:
    """A plain statement with an id of its own; `parts` replace or add properties."""
    return {
        "id": str(uuid4()),
        "actor": agent(),
        "verb": {"id": fresh("verb")},
        "object": activity(),
        **parts,
    }


def about(target: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A statement that targets another one."""
    return statement(object={"objectType": "StatementRef", "id": target["id"]}, **parts)


def voiding(target: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return about(target, verb={"id": VOIDED}, **parts)


async def stored(tool: Tool, *statements: dict[str, Any]) -> list[str]:
    """Store them in one request; returns their ids."""
    answer = await tool.post(PATH, json=list(statements))
    assert answer.status_code == 200, answer.text
    ids: list[str] = answer.json()
    return ids


async def listed(tool: Tool, **query: Any) -> list[dict[str, Any]]:
    """All statements of a query, from all its pages."""
    answer = await tool.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    found: list[dict[str, Any]] = page["statements"]
    while page["more"]:
        answer = await tool.get(page["more"].removeprefix("/xapi"))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["statements"]
    return found


async def ids(tool: Tool, **query: Any) -> list[str]:
    return [one["id"] for one in await listed(tool, **query)]


async def one(tool: Tool, identifier: str, **query: Any) -> dict[str, Any]:
    answer = await tool.get(PATH, params={"statementId": identifier, **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
