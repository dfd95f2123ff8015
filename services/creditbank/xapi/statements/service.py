"""Storing and reading statements of one organisation's record store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from libs.common.database import Database
from services.creditbank.tables import Where
from services.creditbank.xapi.activities import service as activities
from services.creditbank.xapi.activities.service import Definitions
from services.creditbank.xapi.statements import repository
from services.creditbank.xapi.statements.comparison import is_same
from services.creditbank.xapi.statements.cursors import Cursor, Cursors
from services.creditbank.xapi.statements.filters import SHIFT, Limits, page, short_page
from services.creditbank.xapi.statements.horizon import Horizon
from services.creditbank.xapi.statements.keys import key
from services.creditbank.xapi.statements.preparing import Prepared
from services.creditbank.xapi.statements.problems import (
    StatementConflict,
    StatementUnknown,
)
from services.creditbank.xapi.statements.repository import Found
from services.creditbank.xapi.statements.storing import Bundle, Storing

#: how many statements a page has at most, and how many bytes of them, unless it is only one
MOST_STATEMENTS: Final = 500
MOST_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class One:
    """A single statement, and when it was stored."""

    body: bytes
    attachments: Sequence[str]
    stored: datetime
    #: the key of who did it, if that is somebody with an identifier
    actor: str | None


class Statements:
    """The record store's statements: `app.state.statements`."""

    def __init__(self, database: Database, cursors: Cursors, definitions: Definitions) -> None:
        self._database = database
        self._storing = Storing(database, definitions)
        self.cursors = cursors
        self.horizon = Horizon(database.pool)

    async def add(self, bundle: Bundle) -> None:
        """Store all of it in one transaction; those that are there already as they are change nothing.

        Raises StatementConflict if one is there as something else, VoidingNotAllowed for others' statements.
        """
        conflicts = await self.add_those_that_fit(bundle, all_or_none=True)
        if conflicts:
            raise StatementConflict(statements=conflicts)

    async def add_those_that_fit(self, bundle: Bundle, *, all_or_none: bool = False) -> list[str]:
        """Store those whose ids are not taken by others, and return the ids of the rest.

        With `all_or_none` nothing is stored if there are any.
        """
        waiting = bundle.statements
        conflicts: list[str] = []
        while waiting:
            there = await self._storing.store(bundle._replace(statements=waiting))
            if not there:
                break
            conflicts += [
                statement.id
                for statement in waiting
                if statement.id in there and not _is_stored(statement, there[statement.id])
            ]
            if conflicts and all_or_none:
                return conflicts
            waiting = [statement for statement in waiting if statement.id not in there]
        self.horizon.moved()
        return conflicts

    async def one(self, organisation: UUID, identifier: UUID, limits: Limits, *, voided: bool) -> One:
        """The statement of this id, if it is voided or not as asked; raises StatementUnknown."""
        row = await repository.one(
            self._database.pool, organisation, identifier, limits.authority, limits.actor
        )
        if row is None or row["voided"] != voided:
            raise StatementUnknown
        stored = datetime.fromtimestamp((row["position"] >> SHIFT) / 1000, UTC)
        actor = row["actor"].hex if row["actor"] else None
        return One(row["body"], row["attachments"] or (), stored, actor)

    async def page(self, organisation: UUID, cursor: Cursor, limits: Limits) -> tuple[Found, str | None]:
        """The statements a cursor leads to, and the text of the cursor to those after them."""
        found = await self._page(organisation, cursor, limits)
        if not found.more or found.last is None:
            return found, None
        following = Cursor(cursor.filters, found.last, cursor.format, cursor.attachments)
        return found, self.cursors.write(following, organisation)

    async def _page(self, organisation: UUID, cursor: Cursor, limits: Limits) -> Found:
        pool, filters = self._database.pool, cursor.filters
        where = organisation, None if cursor.after < 0 else cursor.after, MOST_BYTES
        short = None if cursor.attachments else short_page(filters, limits, *where)
        if short is not None:
            found = await repository.short_page(pool, short, filters.limit)
            if found is not None:
                return found
        return await repository.page(pool, page(filters, limits, *where))

    async def contents(self, organisation: UUID, hashes: Sequence[str]) -> Mapping[str, bytes]:
        """Contents of attachments by hash."""
        if not hashes:
            return {}
        return await repository.attachments(self._database.pool, organisation, hashes)

    async def definitions(self, organisation: UUID, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The canonical definitions of activities."""
        found = await activities.definitions(self._database.pool, organisation, ids)
        return {name: orjson.loads(definition) for name, definition in found.items()}


async def names(where: Where, organisation: UUID, agent_key: str) -> list[str]:
    """The names that an agent's newest statements give it, the newest first."""
    bodies = await repository.newest(where, organisation, key(organisation.hex, "agent", agent_key))
    found = (orjson.loads(body)["actor"].get("name") for body in bodies)
    return list(dict.fromkeys(name for name in found if name))


def _is_stored(statement: Prepared, body: bytes) -> bool:
    if not body:  # it was erased: whoever sends it again is to think no more of it
        return True
    there: dict[str, Any] = orjson.loads(body)
    return is_same(there, statement.statement())
