"""Gives every committed entry its leaf, writes tiles, signs checkpoints.

In this order, so that a crash anywhere leaves nothing that contradicts what was signed:

1. the order of the leaves, in PostgreSQL; from then on the tree is decided, whoever writes it;
2. the tiles, durable on disk; nobody is shown them while no checkpoint covers them;
3. the signed checkpoint, recorded in PostgreSQL, which takes it only if it follows the last one;
4. the checkpoint's file, replaced whole.

Whoever begins must find: the file to be the last recorded checkpoint or the one before it (a crash between 3
and 4), and the tiles to make its root. Anything else is an older database or older tiles: nothing is signed.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import asyncpg

from services.creditbank.log import repository
from services.creditbank.log.keys import LogKeys, SealBroken
from services.creditbank.log.merkle import EMPTY_ROOT, leaf_hash
from services.creditbank.log.notes import Checkpoint, NoteBroken, Signer, Verifier, open_checkpoint, sign
from services.creditbank.log.rules import BLOCK_LEAVES, BLOCKS_A_CHECKPOINT
from services.creditbank.log.store import LogFiles, TileConflict, TileMissing
from services.creditbank.log.tiles import Edge, Tile, edge_of
from services.creditbank.tables import Connection

Result = TypeVar("Result")


class SigningRefused(Exception):
    """What is found does not follow from what was signed; a person must look at it."""


class Sequencer:
    """The one writer of the newest log. `open` first; after any exception of `step` it must be made anew."""

    def __init__(
        self, connection: Connection, directory: Path, keys: LogKeys, origin: Callable[[str], str]
    ) -> None:
        """`origin` gives the origin of a log by its name; asked only when the first one begins."""
        self._connection = connection
        self._directory = directory
        self._keys = keys
        self._origin = origin

    async def open(self) -> None:
        """Find the log as it was left; raises SigningRefused."""
        known = await repository.newest(self._connection, 2)
        if not known:
            await self._begin()
            known = await repository.newest(self._connection, 2)
        for log in known[1:]:
            await self._finish(log)
        self._log, self._name = known[0]["number"], known[0]["name"]
        self._text_origin = known[0]["origin"]
        self._files = LogFiles(self._directory, self._name)
        await self._load_keys()
        recorded = await self._recorded()
        self._size, self._note = recorded[0].size, recorded[1]
        if known[0]["leaves"] < self._size:
            raise SigningRefused("the database has fewer leaves than were signed")
        self._edge = await _in_thread(lambda: self._right_edge(recorded[0]))
        self._unwritten: list[tuple[Tile, bytes]] = []
        if self._files.checkpoint() != self._note:
            await _in_thread(lambda: self._files.publish(self._note))
        async for first, commitments in repository.blocks(self._connection, self._log, self._size):
            await self._append(first, commitments)

    async def step(self) -> int:
        """Order what waits and seal it; returns how many leaves the new checkpoint has more, if any."""
        for _ in range(BLOCKS_A_CHECKPOINT):
            block = await repository.order(self._connection, self._log, BLOCK_LEAVES)
            if block is None:
                break
            await self._append(*block)
            if len(block[1]) < BLOCK_LEAVES:
                break
        gained = self._edge.size - self._size
        if gained:
            await self._seal()
        return gained

    async def _append(self, first: int, commitments: Sequence[bytes]) -> None:
        """Add a block, as far as it is not in the tree already."""
        fresh = commitments[max(0, self._edge.size - first) :]
        if first > self._edge.size:
            raise SigningRefused("leaves are missing from the database")
        complete = await _in_thread(lambda: self._edge.append([leaf_hash(one) for one in fresh]))
        self._unwritten.extend(complete)

    async def _seal(self) -> None:
        """Write the tiles, then sign."""
        if self._files.checkpoint() != self._note:
            raise SigningRefused("the published checkpoint is not the last one signed here")
        complete = [tile for tile, _ in self._unwritten]
        try:
            await _in_thread(lambda: self._files.write([*self._unwritten, *self._edge.partial()]))
        except TileConflict as error:
            raise SigningRefused(f"{error} differs: the database is older than the tiles") from None
        await self._load_keys()
        checkpoint = Checkpoint(self._text_origin, self._edge.size, self._edge.root())
        self._note = await self._record(checkpoint, self._size)
        self._size = checkpoint.size
        await _in_thread(lambda: self._files.publish(self._note))
        self._unwritten = []
        await _in_thread(lambda: self._files.forget_partial(complete))

    async def _record(self, checkpoint: Checkpoint, previous: int | None) -> str:
        note = sign(checkpoint.text, self._signers)
        await repository.record_checkpoint(
            self._connection,
            self._log,
            previous=previous,
            size=checkpoint.size,
            root=checkpoint.root,
            note=note,
        )
        return note

    async def _begin(self) -> None:
        """The first log of this bank, called by the year."""
        name = str(datetime.now(UTC).year)
        if LogFiles(self._directory, name).checkpoint() is not None:
            raise SigningRefused("there are files of a log that the database does not know")
        origin = self._origin(name)
        await repository.begin(self._connection, name, origin, *self._keys.fresh(origin))

    async def _finish(self, log: asyncpg.Record) -> None:
        """Publish the last checkpoint of a log that takes no leaves any more, if a crash came before that."""
        last = await repository.checkpoints(self._connection, log["number"], 2)
        files = LogFiles(self._directory, log["name"])
        if len(last) > 1 and files.checkpoint() == last[1]["note"]:
            await _in_thread(lambda: files.publish(last[0]["note"]))

    async def _load_keys(self) -> None:
        rows = await repository.keys(self._connection, self._log)
        try:
            self._signers: list[Signer] = [
                self._keys.open(self._text_origin, row["public_key"], row["sealed"])
                for row in rows
                if row["retired_at"] is None
            ]
        except SealBroken:
            raise SigningRefused("the log's key does not open with this key encryption key") from None
        self._verifiers = [Verifier(self._text_origin, row["public_key"]) for row in rows]

    async def _recorded(self) -> tuple[Checkpoint, str]:
        """The last recorded checkpoint, after comparing it with the published one."""
        last = [row["note"] for row in await repository.checkpoints(self._connection, self._log, 2)]
        published = self._files.checkpoint()
        if not last:
            if published is not None:
                raise SigningRefused("a checkpoint was published that the database does not know")
            empty = Checkpoint(self._text_origin, 0, EMPTY_ROOT)
            return empty, await self._record(empty, None)
        try:
            checkpoint = open_checkpoint(last[0], self._verifiers, self._text_origin)
            if published in last or (published is None and len(last) == 1):
                return checkpoint, last[0]
            if published is None:
                raise SigningRefused("the published checkpoint is gone")
            shown = open_checkpoint(published, self._verifiers, self._text_origin)
        except NoteBroken as error:
            raise SigningRefused(f"a checkpoint is not one of this log: {error}") from None
        older = "database is older" if shown.size >= checkpoint.size else "files are older"
        raise SigningRefused(
            f"the {older}: {shown.size} leaves are published as signed, {checkpoint.size} recorded"
        )

    def _right_edge(self, checkpoint: Checkpoint) -> Edge:
        try:
            edge = edge_of(self._files.read, checkpoint.size)
        except TileMissing as error:
            raise SigningRefused(f"{error} is missing: the tiles are older than the checkpoint") from None
        if edge.root() != checkpoint.root:
            raise SigningRefused("the tiles do not make the root that was signed")
        return edge


async def _in_thread(work: Callable[[], Result]) -> Result:
    """Run blocking work off the loop; a cancellation waits for it, so that nothing writes after the locks."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
