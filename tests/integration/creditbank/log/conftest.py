"""A bank of its own with a public log in a directory of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.creditbank.books.service import Finding, audit
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log.merkle import check_consistency, consistency_proof, tree_root
from services.creditbank.log.notes import Checkpoint, Verifier, open_checkpoint
from services.creditbank.log.sequencer import Sequencer
from services.creditbank.log.sequencing import Sequencing
from services.creditbank.log.store import LogFiles
from services.creditbank.log.tiles import hashes_of, subtrees, tiles_of
from services.creditbank.settings import CreditbankSettings
from tests.integration.creditbank.conftest import settings_for
from tests.integration.creditbank.test_races import call, item
from tests.integration.creditbank.world import District, make_district
from tests.issuer import Issuer


class LogBank:
    """Posts and seals; `directory` is where the log's files are."""

    def __init__(self, database: Database, settings: CreditbankSettings, store: ServiceStore) -> None:
        assert settings.log_directory is not None
        self.database = database
        self.settings = settings
        self.store = store
        self.directory = settings.log_directory
        self.keys = KeyRing(settings.key_encryption_key.get_secret_value())
        self.desk = PostingDesk(database, self.keys)
        self.district = District()
        self._posted = 0

    async def post(self, entries: int, *learners: UUID) -> None:
        """So many entries for the district's students, or for these learners, in turn."""
        who = learners or self.district.students
        items = []
        for _ in range(entries):
            self._posted += 1
            items.append(item(self.district, who[self._posted % len(who)], f"k{self._posted}"))
        for first in range(0, entries, 1_000):
            await self.desk.post([call(self.district, *items[first : first + 1_000])])

    @asynccontextmanager
    async def sequencer(self, kind: type[Sequencer] = Sequencer) -> AsyncIterator[Sequencer]:
        """One that has not looked at anything yet, on a connection of its own."""
        connection = await self.database.connect()
        made = Sequencing(self.database, self.settings).sequencer(connection)
        made.__class__ = kind
        try:
            yield made
        finally:
            connection.terminate()

    async def seal(self) -> int:
        """Take up the log, seal what waits, go away."""
        async with self.sequencer() as sequencer:
            await sequencer.open()
            return await sequencer.step()

    async def name(self) -> str:
        return str(await self.database.pool.fetchval("select name from log order by number desc limit 1"))

    async def files(self) -> LogFiles:
        return LogFiles(self.directory, await self.name())

    async def verifiers(self) -> list[Verifier]:
        rows = await self.database.pool.fetch(
            "select l.origin, k.public_key from log l join log_key k on k.log = l.number"
        )
        return [Verifier(row["origin"], row["public_key"]) for row in rows]

    async def published(self) -> Checkpoint:
        """What the published checkpoint states, its signature checked."""
        files = await self.files()
        note = files.checkpoint()
        assert note is not None
        origin = await self.database.pool.fetchval("select origin from log order by number desc limit 1")
        return open_checkpoint(note, await self.verifiers(), origin)

    async def audit(self) -> list[Finding]:
        connection = await self.database.connect()
        try:
            return await audit(connection, self.keys)
        finally:
            await connection.close()

    async def check(self) -> Checkpoint:
        """Tiles make the published root, all recorded checkpoints are its beginnings, the audit is clean."""
        checkpoint = await self.published()
        read = (await self.files()).read
        subtree = subtrees(read, checkpoint.size)
        assert tree_root(subtree, checkpoint.size) == checkpoint.root
        leaves = [
            one for tile in tiles_of(checkpoint.size) if tile.level == 0 for one in hashes_of(read(tile))
        ]
        assert len(leaves) == len(set(leaves)) == checkpoint.size
        rows = await self.database.pool.fetch(
            "select size, root from log_checkpoint where log = (select max(number) from log) order by size"
        )
        assert rows[-1]["size"] == checkpoint.size
        for row in rows:
            if row["size"]:
                proof = consistency_proof(subtree, row["size"], checkpoint.size)
                check_consistency(row["size"], checkpoint.size, row["root"], checkpoint.root, proof)
        assert await self.audit() == []
        return checkpoint


@pytest.fixture
def log_directory(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
async def log_bank(
    fresh_database: Callable[[str], ServiceStore], issuer: Issuer, log_directory: Path
) -> AsyncIterator[LogBank]:
    store = fresh_database("creditbank")
    settings = settings_for(store, issuer, log_directory=log_directory)
    database = await Database(store.database).start()
    made = LogBank(database, settings, store)
    made.district = await make_district(database, made.keys)
    yield made
    await database.stop()
