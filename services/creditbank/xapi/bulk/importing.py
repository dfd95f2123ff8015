"""Statements of a file into a record store: judged as those of requests are, and stored set-wise.

While one batch is being stored the next one is judged; no more than two are in memory.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from libs.common.languages import Text
from services.creditbank.xapi.bulk import contents
from services.creditbank.xapi.protocol.doors import Door
from services.creditbank.xapi.protocol.rules import Version, authority_key
from services.creditbank.xapi.statements.intake import Intake, Judge
from services.creditbank.xapi.statements.multipart import Part
from services.creditbank.xapi.statements.outlines import Reader, Unusual, authority_of, outline
from services.creditbank.xapi.statements.preparing import Prepared, Voucher
from services.creditbank.xapi.statements.problems import StatementConflict
from services.creditbank.xapi.statements.service import Statements
from services.creditbank.xapi.statements.storing import Bundle, Rights
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.reading import NotJson, read_json

MOST: Final = 500
_MOST_BYTES: Final = 4 * 1024 * 1024
#: after so many lines the batch before gets its turn
_AT_ONCE: Final = 25
_MOST_VOUCHERS: Final = 1000
_NOT_JSON: Final = Text(
    "must be one JSON object in UTF-8, with each name once in an object",
    "必须是一个 UTF-8 编码的 JSON 对象，同一对象中的名称不得重复",
)
_TOO_LONG: Final = Text("is longer than the record store takes", "超出学习记录库可接收的长度")
_TAKEN: Final = StatementConflict.detail or StatementConflict.title


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that is not stored, and what is wrong where, against which clause."""

    line: int
    id: str | None
    path: str
    clause: str
    reason: Text

    def told(self) -> dict[str, object]:
        return {
            "line": self.line,
            "id": self.id,
            "path": self.path,
            "clause": self.clause,
            "message": self.reason.en,
        }


class Stopped(Exception):
    """A line was refused, and nothing after the batch it is in was looked at."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.line)
        self.refusal = refusal


@dataclass(slots=True)
class Done:
    """How far an import is. All up to line `through` is stored, was there already, or is refused."""

    through: int = 0
    taken: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Group:
    """Statements of one batch that the same authority vouches for."""

    voucher: Voucher
    lines: dict[str, int] = field(default_factory=dict)
    statements: list[Prepared] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)


@dataclass(slots=True)
class _Batch:
    groups: dict[bytes, _Group] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    size: int = 0
    through: int = 0


class Importer:
    """Imports into one organisation's record store.

    `door` vouches for all statements; with `keep_authority` only for those that name no authority. Contents
    of attachments are looked for in `folder`. Refused lines go to `refuse`; without it the first one stops.
    """

    def __init__(
        self,
        store: Statements,
        door: Door,
        *,
        keep_authority: bool = False,
        folder: Path | None = None,
        largest: int,
        refuse: Callable[[Refusal], None] | None = None,
    ) -> None:
        self._store, self._door, self._folder = store, door, folder
        self._keep_authority, self._largest, self._refuse = keep_authority, largest, refuse
        self._voucher = Voucher.of(door.organisation, door.authority, door.authority_key)
        self._vouchers: dict[bytes, Voucher] = {}
        self._storing: asyncio.Task[None] | None = None
        self._halted = False
        self.done = Done()

    async def run(self, lines: Iterable[tuple[int, bytes | None]], tell: Callable[[Done], None]) -> Done:
        """Import lines by their numbers; raises Stopped. What was stored before that, or a crash, stays."""
        batch = _Batch()
        try:
            for number, line in lines:
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                if line is None:
                    self._refused(Refusal(number, None, "statement", "", _TOO_LONG))
                    continue
                batch = await self._take(batch, number, line, tell)
            await self._begin(batch, tell)
        except Stopped:
            if not self._halted:
                await self._begin(batch, tell)  # what comes before the refused line
            raise
        finally:
            await self._settle()
        tell(self.done)
        return self.done

    async def _take(self, batch: _Batch, number: int, line: bytes, tell: Callable[[Done], None]) -> _Batch:
        """Judge a line and put it into the batch, or into a new one after this was handed on."""
        found = self._judged(number, line)
        if isinstance(found, Refusal):
            self._refused(found)
            return batch
        statement, parts, voucher = found
        if statement.id in batch.ids or len(batch.ids) >= MOST or batch.size >= _MOST_BYTES:
            await self._begin(batch, tell)
            batch = _Batch()
        group = batch.groups.setdefault(voucher.authority, _Group(voucher))
        group.lines[statement.id] = number
        group.statements.append(statement)
        group.parts |= parts
        batch.ids.add(statement.id)
        batch.size += len(line) + sum(len(part.content) for part in parts.values())
        batch.through = number
        return batch

    def _judged(self, number: int, line: bytes) -> tuple[Prepared, dict[str, Part], Voucher] | Refusal:
        with suppress(Unusual):
            return self._read(line)
        try:
            value = read_json(line)
        except NotJson:
            return Refusal(number, None, "statement", findings.FORMATTING.of("2.0.0"), _NOT_JSON)
        parts = contents.found(self._folder, value, self._largest) if self._folder else {}
        voucher = self._voucher_of(value)
        intake = Intake()
        refused = Judge(_version_of(value), self._door, voucher, parts).take(value, number, "", intake)
        if refused is not None:
            return Refusal(number, refused.id, refused.path, refused.clause, refused.reason)
        return intake.statements[0], parts, voucher

    def _read(self, line: bytes) -> tuple[Prepared, dict[str, Part], Voucher]:
        """A statement as most are; raises Unusual."""
        found = outline(line)
        voucher = self._voucher_of({"authority": authority_of(found)} if self._keep_authority else None)
        reader = Reader(_version_of({"version": found.version}), voucher, self._door.own)
        statement = reader.read(found)
        reader.require_all_of(line)
        return statement, {}, voucher

    def _voucher_of(self, value: Any) -> Voucher:
        """Who vouches for a statement that is not yet judged; an authority that is none is refused there."""
        authority = value.get("authority") if isinstance(value, dict) and self._keep_authority else None
        if not isinstance(authority, dict):
            return self._voucher
        try:
            told = orjson.dumps(authority, option=orjson.OPT_SORT_KEYS)
            known = self._vouchers.get(told)
            if known is None:
                known = Voucher.of(self._door.organisation, told, authority_key(authority))
        except (KeyError, TypeError, AttributeError, ValueError):
            return self._voucher
        if len(self._vouchers) >= _MOST_VOUCHERS:
            self._vouchers.clear()
        self._vouchers[told] = known
        return known

    async def _begin(self, batch: _Batch, tell: Callable[[Done], None]) -> None:
        """Store a batch beside what follows, once the one before is stored."""
        await self._settle()
        tell(self.done)
        if batch.ids:
            self._storing = asyncio.create_task(self._save(batch))

    async def _settle(self) -> None:
        storing, self._storing = self._storing, None
        if storing is not None:
            await storing

    async def _save(self, batch: _Batch) -> None:
        refused: list[Refusal] = []
        for group in batch.groups.values():
            conflicts = await self._store.add_those_that_fit(
                Bundle(Rights(group.voucher, True, True), group.statements, list(group.parts.values()))
            )
            self.done.taken += len(group.statements) - len(conflicts)
            refused += [
                Refusal(group.lines[one], one, "id", "xAPI 1.0.3 Communication 2.1.2", _TAKEN)
                for one in conflicts
            ]
        self._halted = bool(refused) and self._refuse is None
        for refusal in sorted(refused, key=lambda one: one.line):
            self._refused(refusal)
        self.done.through = batch.through

    def _refused(self, refusal: Refusal) -> None:
        self.done.refused += 1
        if self._refuse is None:
            raise Stopped(refusal)
        self._refuse(refusal)


def _version_of(value: Any) -> Version:
    """The version a statement says it is of; without one that of exports of older stores."""
    told = value.get("version") if isinstance(value, dict) else None
    return "2.0.0" if isinstance(told, str) and told.startswith("2.") else "1.0.3"
