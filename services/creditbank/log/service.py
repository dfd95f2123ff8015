"""What anybody may read of the public logs, and the proof of a learner's own entry."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from libs.common.problems import NotFound
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log import repository
from services.creditbank.log.merkle import consistency_proof, inclusion_proof
from services.creditbank.log.notes import Verifier, read_checkpoint
from services.creditbank.log.problems import NotInTheLogYet
from services.creditbank.log.proving import HEAD
from services.creditbank.log.rules import is_log_name
from services.creditbank.log.store import LogFiles, TileMissing
from services.creditbank.log.tiles import Tile, subtrees, width_at
from services.creditbank.tables import Pool

_MOST_LOGS = 200

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key that signs or signed a log's checkpoints."""

    verifier: str
    added_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class PublishedLog:
    """A log and how to check it."""

    name: str
    origin: str
    begun_at: datetime
    size: int
    succession: str | None
    keys: Sequence[PublishedKey]


@dataclass(frozen=True, slots=True)
class Opening:
    """An entry as it was committed to, with what shows that the log has it. `proof` is a C2SP tlog-proof."""

    entry: UUID
    scheme: str
    sequence: int
    document: str
    salt: bytes
    commitment: bytes
    log: str
    leaf: int
    proof: str


async def published(pool: Pool) -> list[PublishedLog]:
    """The logs of this bank, newest first, each with its keys."""
    return [
        PublishedLog(
            row["name"],
            row["origin"],
            row["begun_at"],
            row["size"],
            row["succession"],
            [PublishedKey(Verifier(row["origin"], one[0]).text, one[1], one[2]) for one in row["keys"] or ()],
        )
        for row in await repository.listed(pool, _MOST_LOGS)
    ]


class LogReader:
    """Reads the files of the logs below a directory; nothing that no checkpoint covers is shown."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    async def checkpoint(self, name: str) -> str:
        """The published checkpoint of a log; raises NotFound."""
        note = await asyncio.to_thread(self._files(name).checkpoint)
        if note is None:
            raise NotFound
        return note

    async def tile(self, name: str, tile: Tile) -> bytes:
        """A tile within the published tree; raises NotFound."""
        size = read_checkpoint_size(await self.checkpoint(name))
        if width_at(tile.level, tile.number, size) < tile.width:
            raise NotFound
        try:
            return await asyncio.to_thread(self._files(name).read, tile)
        except TileMissing:
            raise NotFound from None

    async def inclusion(self, name: str, leaf: int, size: int | None) -> tuple[int, list[bytes]]:
        """The proof that a leaf is in the tree of `size` leaves, or in the published one; with the size."""
        whole = read_checkpoint_size(await self.checkpoint(name))
        size = whole if size is None else size
        if size > whole or leaf >= size:
            raise NotFound
        subtree = subtrees(cache(self._files(name).read), whole)
        return size, await asyncio.to_thread(lambda: inclusion_proof(subtree, leaf, size))

    async def consistency(self, name: str, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `old` leaves is the beginning of that of `new`."""
        whole = read_checkpoint_size(await self.checkpoint(name))
        if not 0 < old <= new <= whole:
            raise NotFound
        subtree = subtrees(cache(self._files(name).read), whole)
        return await asyncio.to_thread(lambda: consistency_proof(subtree, old, new))

    async def proof_text(self, name: str, leaf: int) -> str | None:
        """The C2SP tlog-proof of a leaf in the published tree; None while that does not reach so far."""
        note = await self.checkpoint(name)
        size = read_checkpoint_size(note)
        if leaf >= size:
            return None
        _, hashes = await self.inclusion(name, leaf, size)
        lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in hashes)
        return f"{HEAD}index {leaf}\n{lines}\n{note}"

    def _files(self, name: str) -> LogFiles:
        if self._directory is None or not is_log_name(name):
            raise NotFound
        return LogFiles(self._directory, name)


def read_checkpoint_size(note: str) -> int:
    """The size a published checkpoint states; whoever reads it checks the signature."""
    return read_checkpoint(note.partition("\n\n")[0] + "\n").size


async def opening(pool: Pool, reader: LogReader, keys: KeyRing, entry: UUID, *, learner: UUID) -> Opening:
    """What proves one of the learner's own entries to anybody; raises NotFound and NotInTheLogYet."""
    row = await repository.opening(pool, entry, learner=learner)
    if row is None:
        raise NotFound
    proof = None if row["leaf"] is None else await reader.proof_text(row["name"], row["leaf"])
    if proof is None:
        raise NotInTheLogYet
    return Opening(
        entry=row["id"],
        scheme=row["scheme"],
        sequence=row["sequence"],
        document=row["document"],
        salt=keys.salt(row["learner"], row["wrapped"], row["id"]),
        commitment=row["commitment"],
        log=row["name"],
        leaf=row["leaf"],
        proof=proof,
    )
