"""Brings an export of another bank into a store of the learner's own, on the learner's word.

The file is read from disk a line at a time: to prove it, to store its statements, and to write down who
vouched for them where they came from. Sent again it changes nothing.
"""

import asyncio
import base64
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

import orjson

from libs.common.database import Database
from libs.common.ids import new_id
from libs.common.languages import Text
from services.creditbank.log.notes import Verifier
from services.creditbank.xapi.bulk import contents
from services.creditbank.xapi.bulk.importing import Importer, Refusal
from services.creditbank.xapi.carrying import repository
from services.creditbank.xapi.carrying.documents import NotADocument, is_about, read_document
from services.creditbank.xapi.carrying.problems import RecordBroken, RecordIsHere, TooManyImports
from services.creditbank.xapi.carrying.rules import Manifest
from services.creditbank.xapi.carrying.verifying import Broken, prove
from services.creditbank.xapi.credentials.rules import agent, text
from services.creditbank.xapi.persons.service import Owner
from services.creditbank.xapi.protocol.doors import Door
from services.creditbank.xapi.protocol.parameters import CLAUSE
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.statements.service import Statements
from services.creditbank.xapi.validation.agents import check_agent
from services.creditbank.xapi.validation.findings import Invalid

MOST: Final = 50
_MOST_AGENTS: Final = 200
_MOST_TOLD: Final = 20
_MOST_SHOWN: Final = 200
_NOT_THAT: Final = Text("is not in the documented form of an export", "不符合导出文件的格式说明")
_BYTES_AT_ONCE: Final = 1024 * 1024
#: files of what is taken in, beside contents that are named by their hashes
STATEMENTS, ORIGINS, ENTRIES, DOCUMENTS = "statements", "origins", "entries", "documents"


@dataclass(slots=True)
class Brought:
    """An import: its id, what its first line says, and what was left out and why."""

    id: UUID
    address: str
    agents: list[str]
    signed_by: str | None
    manifest: Manifest
    left_out: dict[str, int] = field(default_factory=lambda: {"voided": 0, "others": 0})
    refused: list[dict[str, Any]] = field(default_factory=list)
    refusals: int = 0

    def refuse(self, refusal: Refusal) -> None:
        self.refusals += 1
        if len(self.refused) < _MOST_TOLD:
            self.refused.append(refusal.told())


@dataclass(frozen=True, slots=True)
class Bringer:
    """What an import needs; `address` is this bank's, `trusted` its own key and those of banks it knows."""

    database: Database
    store: Statements
    address: str
    issuer: str
    trusted: Sequence[Verifier]
    largest: int

    async def bring(self, of: Owner, person: UUID, chunks: AsyncIterator[bytes]) -> tuple[UUID, Brought]:
        """Take in a whole export; raises RecordBroken, RecordIsHere, TooManyImports."""
        with tempfile.TemporaryFile() as file, tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            async for chunk in chunks:
                file.write(chunk)
            brought = await self._prove(file)
            store = await repository.store_of(self.database.pool, of.holder)
            brought.id = await self._begin(of, store, brought)
            await asyncio.to_thread(_split, file, folder, brought)
            importer = Importer(
                self.store,
                self._door(store, person),
                folder=folder,
                largest=self.largest,
                refuse=brought.refuse,
            )
            await importer.run(_statements(folder), lambda _done: None)
            for authorities in _some(folder / ORIGINS):
                await repository.note_origins(self.database.pool, store, brought.id, authorities)
            for entries in _some(folder / ENTRIES):
                await repository.note_credits(self.database.pool, store, brought.id, entries)
            for documents in _some(folder / DOCUMENTS):
                for document in documents:
                    row = read_document(document)
                    await repository.keep_document(self.database.pool, store, brought.id, row)
            await repository.end(self.database.pool, store, brought.id, brought.refusals)
        return store, brought

    async def _prove(self, file: BinaryIO) -> Brought:
        file.seek(0)
        try:
            manifest, signed_by = await asyncio.to_thread(prove, file, self.trusted)
            file.seek(0)
            first = orjson.loads(file.readline())
            agents = [_agent(one) for one in (*first["agents"], *first.get("agents_elsewhere", ()))]
            address = first["address"]
        except Broken as error:
            raise RecordBroken(reason=error.text) from None
        except (KeyError, TypeError, ValueError, Invalid):
            raise RecordBroken(reason=Broken("form", 1).text) from None
        if not isinstance(address, str) or len(agents) > _MOST_AGENTS:
            raise RecordBroken(reason=Broken("form", 1).text)
        if address == self.address and signed_by is not None:
            raise RecordIsHere
        return Brought(new_id(), address, list(dict.fromkeys(agents)), signed_by, manifest)

    async def _begin(self, of: Owner, store: UUID, brought: Brought) -> UUID:
        if await repository.count_imports(self.database.pool, of.numbers) >= MOST:
            raise TooManyImports(most=MOST)
        return await repository.begin(
            self.database.pool,
            *(of.holder, store, brought.id),
            *(brought.manifest.digest, brought.address, brought.signed_by),
            *(brought.manifest.exported_at, brought.agents),
        )

    def _door(self, store: UUID, person: UUID) -> Door:
        """The learner vouches for it all, in a store where nobody else comes in."""
        authority = agent(self.issuer, str(person))
        return Door(store, text(authority), agent_key(authority) or "", frozenset(), f"person:{person}")


def _agent(value: Any) -> str:
    check_agent(value, "agents")
    key = agent_key(value)
    if key is None:
        raise ValueError("nobody")
    return key


def _split(file: BinaryIO, folder: Path, brought: Brought) -> None:
    """Write what is taken in into files of one kind each: statements of the learner with their line numbers,
    who vouched for them, entries, documents; and contents by their hashes. What was voided is no part of the
    record."""
    with (
        (folder / STATEMENTS).open("wb") as statements,
        (folder / ORIGINS).open("wb") as origins,
        (folder / ENTRIES).open("wb") as entries,
        (folder / DOCUMENTS).open("wb") as documents,
    ):
        file.seek(0)
        for number, line in enumerate(file, start=1):
            told = orjson.loads(line)
            if told["kind"] == "attachment":
                contents.keep(folder, {told["sha2"]: base64.b64decode(told["content"])})
            elif told["kind"] == "document" and not is_about(told, brought.agents):
                brought.left_out["others"] += 1
            elif told["kind"] == "document":
                if _is_document(told, number, brought):
                    documents.write(line)
            elif told["kind"] == "entry":
                some = (told["commitment"], str(told["scheme"]), str(told["document"]), told["salt"])
                entries.write(orjson.dumps(some) + b"\n")
            elif told["kind"] == "statement" and told.get("voided") is not False:
                brought.left_out["voided"] += 1
            elif told["kind"] == "statement" and not _is_of(told.get("statement"), brought.agents):
                brought.left_out["others"] += 1
            elif told["kind"] == "statement":
                said = told["statement"]
                statements.write(b"%d " % number + orjson.dumps(said) + b"\n")
                origins.write(orjson.dumps((str(said.get("id")), _authority(told))) + b"\n")


def _is_of(statement: Any, agents: Sequence[str]) -> bool:
    try:
        return agent_key(statement["actor"]) in agents and isinstance(statement["id"], str)
    except (KeyError, TypeError, AttributeError):
        return False


def _is_document(line: dict[str, Any], number: int, brought: Brought) -> bool:
    """Whether it is in the documented form; of one that is not it is told what is wrong."""
    try:
        read_document(line)
    except NotADocument as error:
        name = line.get("id")
        shown = name[:_MOST_SHOWN] if isinstance(name, str) else None
        brought.refuse(Refusal(number, shown, str(error), CLAUSE, _NOT_THAT))
        return False
    return True


def _authority(line: dict[str, Any]) -> Any:
    """Who vouched for a statement, wherever that was: a bank on the way only had the learner's word."""
    elsewhere = line.get("elsewhere")
    there = elsewhere.get("authority") if isinstance(elsewhere, dict) else None
    return line["statement"].get("authority") if there is None else there


def _statements(folder: Path) -> Iterator[tuple[int, bytes]]:
    """The statements by the numbers their lines had."""
    with (folder / STATEMENTS).open("rb") as file:
        for line in file:
            number, _, said = line.partition(b" ")
            yield int(number), said


def _some(file: Path) -> Iterator[list[Any]]:
    """The lines of a file, some at a time."""
    with file.open("rb") as lines:
        while some := [orjson.loads(line) for line in lines.readlines(_BYTES_AT_ONCE)]:
            yield some
