"""Storing and reading statements of one organisation's record store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import orjson

from libs.common.database import Database, retrying, sqlstate
from services.creditbank.tables import Connection, Where
from services.creditbank.xapi.activities import service as activities
from services.creditbank.xapi.activities.service import Definitions
from services.creditbank.xapi.statements import repository
from services.creditbank.xapi.statements.comparison import is_same
from services.creditbank.xapi.statements.cursors import Cursor, Cursors
from services.creditbank.xapi.statements.filters import SHIFT, Limits, page
from services.creditbank.xapi.statements.horizon import Horizon
from services.creditbank.xapi.statements.keys import key
from services.creditbank.xapi.statements.multipart import Part
from services.creditbank.xapi.statements.preparing import Prepared, Voucher, activities_of
from services.creditbank.xapi.statements.problems import (
    StatementConflict,
    StatementUnknown,
    VoidingNotAllowed,
)
from services.creditbank.xapi.statements.repository import Found

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
        self._definitions = definitions
        self.cursors = cursors
        self.horizon = Horizon(database.pool)

    async def add(
        self,
        voucher: Voucher,
        statements: Sequence[Prepared],
        parts: Iterable[Part] = (),
        *,
        defines: bool,
        voids_anything: bool,
    ) -> None:
        """Store all of them in one transaction; those that are there already as they are change nothing.

        Raises StatementConflict if one is there as something else, VoidingNotAllowed for others' statements.
        """
        conflicts = await self.add_those_that_fit(
            voucher, statements, parts, defines=defines, voids_anything=voids_anything, all_or_none=True
        )
        if conflicts:
            raise StatementConflict(statements=[str(identifier) for identifier in conflicts])

    async def add_those_that_fit(
        self,
        voucher: Voucher,
        statements: Sequence[Prepared],
        parts: Iterable[Part] = (),
        *,
        defines: bool,
        voids_anything: bool,
        all_or_none: bool = False,
    ) -> list[UUID]:
        """Store those whose ids are not taken by others, and return the ids of the rest.

        With `all_or_none` nothing is stored if there are any.
        """
        waiting, kept = list(statements), list(parts)
        conflicts: list[UUID] = []
        while waiting:
            there = await self._store(voucher, waiting, kept, defines=defines, voids_anything=voids_anything)
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

    async def _store(
        self,
        voucher: Voucher,
        statements: Sequence[Prepared],
        parts: Sequence[Part],
        *,
        defines: bool,
        voids_anything: bool,
    ) -> dict[UUID, bytes]:
        told = _definitions(statements) if defines else []
        news = self._definitions.news(voucher.organisation, told) if told else None
        stored = False

        async def store(where: Where) -> dict[UUID, bytes]:
            return await repository.store(where, voucher, statements, news, voids_anything=voids_anything)

        async def whole() -> dict[UUID, bytes]:
            if not parts:
                return await store(self._database.pool)
            async with self._database.pool.acquire() as pooled, pooled.transaction():
                connection = cast("Connection", pooled)
                await repository.keep_attachments(connection, voucher.organisation, parts)
                return await store(connection)

        try:
            there = await retrying(whole)
            stored = not there
            return there
        except asyncpg.PostgresError as error:
            if sqlstate(error) == repository.VOIDING_REFUSED:
                raise VoidingNotAllowed from error
            raise
        finally:
            if news is not None and not stored:
                self._definitions.forget(voucher.organisation, [activity for activity, _ in told])

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
        after = None if cursor.after < 0 else cursor.after
        found = await repository.page(
            self._database.pool,
            page(cursor.filters, limits, organisation, after, MOST_BYTES),
        )
        if not found.more or found.last is None:
            return found, None
        following = Cursor(cursor.filters, found.last, cursor.format, cursor.attachments)
        return found, self.cursors.write(following, organisation)

    async def contents(self, organisation: UUID, hashes: Sequence[str]) -> Mapping[str, bytes]:
        """Contents of attachments by hash."""
        if not hashes:
            return {}
        return await repository.attachments(self._database.pool, organisation, hashes)

    async def definitions(self, organisation: UUID, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The canonical definitions of activities."""
        found = await activities.definitions(self._database.pool, organisation, ids)
        return {name: orjson.loads(definition) for name, definition in found.items()}


def _definitions(statements: Iterable[Prepared]) -> list[tuple[str, bytes]]:
    """What the statements say of activities, in order; not again what was said of one last."""
    last: dict[str, Any] = {}
    told: list[tuple[str, bytes]] = []
    for statement in statements:
        for activity in activities_of(statement.statement):
            definition = activity.get("definition")
            if definition is not None and last.get(activity["id"]) != definition:
                last[activity["id"]] = definition
                told.append((activity["id"], orjson.dumps(definition)))
    return told


async def names(where: Where, organisation: UUID, agent_key: str) -> list[str]:
    """The names that an agent's newest statements give it, the newest first."""
    bodies = await repository.newest(where, organisation, key(organisation.hex, "agent", agent_key))
    found = (orjson.loads(body)["actor"].get("name") for body in bodies)
    return list(dict.fromkeys(name for name in found if name))


def _is_stored(statement: Prepared, body: bytes) -> bool:
    there: dict[str, Any] = orjson.loads(body)
    return is_same(there, statement.statement)
