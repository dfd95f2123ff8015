"""What lines of a record say: names in the language that suits best, and all names where words are sought."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.common.languages import Language
from services.creditbank.xapi.record.rules import CREDITS
from services.creditbank.xapi.statements.filters import SHIFT
from services.creditbank.xapi.statements.tongues import Chooser

Definitions = Mapping[tuple[UUID, str], Mapping[str, Any]]


def activity_of(statement: Mapping[str, Any]) -> str | None:
    """The id of the activity a statement is about."""
    thing = statement["object"]
    found: str | None = thing["id"] if thing.get("objectType", "Activity") == "Activity" else None
    return found


class Statement:
    """A line that a statement makes; `definitions` are those of all activities of a page."""

    def __init__(self, row: asyncpg.Record, statement: Mapping[str, Any], definitions: Definitions) -> None:
        self._row, self._said, self._thing = row, statement, statement["object"]
        self._id = activity_of(statement)
        told = self._thing.get("definition") if self._id else None
        known = definitions.get((row["organisation"], self._id)) if self._id else None
        self._definition: Mapping[str, Any] = known or told or {}

    def texts(self) -> Iterator[str]:
        """All its names in all languages."""
        yield from self._said["verb"].get("display", {}).values()
        yield from self._definition.get("name", {}).values()
        yield from self._definition.get("description", {}).values()
        yield self._thing.get("name") or "" if self._id is None else ""
        yield self._row["organisation_name"] or ""

    def line(self, choose: Chooser, _language: Language) -> dict[str, Any]:
        verb = self._said["verb"]
        result, elsewhere = self._said.get("result"), self._row["elsewhere"]
        return {
            "kind": "statement",
            "id": self._row["id"],
            "happened_at": self._row["placed"],
            "recorded_at": recorded_at(self._row["position"]),
            "organisation": None
            if elsewhere
            else {"id": self._row["organisation"], "name": self._row["organisation_name"]},
            "verb": {"id": verb["id"], "name": _chosen(verb.get("display"), choose)},
            "activity": {
                "id": self._id or self._thing.get("id") or "",
                "name": _chosen(self._definition.get("name"), choose),
                "type": self._definition.get("type"),
                "kind": self._thing.get("objectType", "Activity"),
            },
            "result": None
            if result is None
            else {name: value for name, value in result.items() if name != "extensions"},
            "credit": None,
            "elsewhere": elsewhere and orjson.Fragment(elsewhere),
        }


class Credit:
    """A line that an entry of the books makes."""

    def __init__(self, row: asyncpg.Record) -> None:
        self._row, self._credit = row, orjson.loads(row["credit"])

    def texts(self) -> Iterator[str]:
        """All its names in all languages."""
        name = CREDITS[self._credit["entry"]]
        yield from (name.en, name.zh)
        for part in ("institution", "course"):
            yield from (value for value in (self._credit[part] or {}).values() if value)

    def line(self, _choose: Chooser, language: Language) -> dict[str, Any]:
        institution = self._credit.pop("institution")
        name = CREDITS[self._credit["entry"]].in_language(language)
        return {
            "kind": "credit",
            "id": self._row["entry"],
            "happened_at": self._row["recorded_at"],
            "recorded_at": self._row["recorded_at"],
            "organisation": institution,
            "verb": None,
            "activity": None,
            "result": None,
            "credit": {**self._credit, "name": name},
            "elsewhere": None,
        }


def recorded_at(position: int) -> datetime:
    """The millisecond in which a statement was stored."""
    return datetime.fromtimestamp((position >> SHIFT) / 1000, UTC)


def _chosen(texts: dict[str, Any] | None, choose: Chooser) -> str | None:
    """The text of the language that suits best."""
    return next(iter(choose(texts).values())) if texts else None
