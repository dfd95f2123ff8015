"""A learner's own record: what happened in all organisations and what it earned, in one line of time."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.common.languages import preferred
from services.creditbank.tables import Pool
from services.creditbank.xapi.activities import service as activities
from services.creditbank.xapi.persons.service import Owner
from services.creditbank.xapi.record import repository
from services.creditbank.xapi.record.naming import Credit, Statement, activity_of
from services.creditbank.xapi.record.rules import LOOKED_AT, Place, Wanted, has_text, plain
from services.creditbank.xapi.statements.tongues import chooser


async def timeline(
    pool: Pool, of: Owner, wanted: Wanted, place: Place, *, issuer: str, limit: int, languages: str | None
) -> tuple[list[dict[str, Any]], Place | None]:
    """The next lines, newest first, and where the page ended if there may be more.

    Of lines that are not all wanted only so many are looked at: the page may be short, even empty, and yet
    not the last one.
    """
    most = LOOKED_AT if wanted.is_picky else limit + 1
    rows = await repository.lines(
        pool, of.holder, of.numbers, issuer=issuer, wanted=wanted, after=place, most=most
    )
    said = {row["position"]: orjson.loads(row["body"]) for row in rows if row["body"] is not None}
    definitions = await _definitions(pool, rows, said)
    choose, language = chooser(languages), preferred(languages)
    words = plain(wanted.text) if wanted.text else ""
    lines: list[dict[str, Any]] = []
    for row in rows:
        if len(lines) == limit:
            return lines, place
        line: Statement | Credit | None = None
        if row["body"] is not None:
            line = Statement(row, said[row["position"]], definitions)
        elif row["credit"] is not None:
            line = Credit(row)
        if line is not None and (not words or has_text(words, line.texts())):
            lines.append(line.line(choose, language))
        _go_on(place, row)
    return lines, place if len(rows) == most else None


def _go_on(place: Place, row: asyncpg.Record) -> None:
    """The page ends after this line."""
    if row["position"] is not None:
        place.happened, place.position = row["placed"], row["position"]
    else:
        place.entries[row["learner"], row["scheme"]] = row["sequence"]


async def _definitions(
    pool: Pool, rows: Sequence[asyncpg.Record], said: dict[int, Any]
) -> dict[tuple[UUID, str], Any]:
    """What the activities of a page are called, each where it was recorded."""
    named = {
        (row["organisation"], activity)
        for row in rows
        if row["body"] is not None and (activity := activity_of(said[row["position"]])) is not None
    }
    if not named:
        return {}
    found = await activities.definitions_of(pool, sorted(named))
    return {name: orjson.loads(definition) for name, definition in found.items()}
