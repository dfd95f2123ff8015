"""Every entry gets one leaf; what does not follow from what was signed is not signed."""

import asyncio
import os
import random
import shutil

import asyncpg
import pytest

from services.creditbank.log.rules import BLOCK_LEAVES
from services.creditbank.log.sequencer import SigningRefused
from services.creditbank.log.sequencing import Sequencing
from services.creditbank.log.store import DirectoryLock
from services.creditbank.log.tiles import Tile
from tests.integration.creditbank.log.conftest import LogBank


async def test_an_empty_log_is_signed_too(log_bank: LogBank) -> None:
    assert await log_bank.seal() == 0
    assert (await log_bank.check()).size == 0


async def test_every_entry_gets_one_leaf_however_the_log_grows(log_bank: LogBank) -> None:
    total = 0
    for entries in (1, 2, 252, 1, 1, 300, 1_000):
        await log_bank.post(entries)
        assert await log_bank.seal() == entries
        total += entries
        assert (await log_bank.check()).size == total
    assert await log_bank.seal() == 0
    waiting = await log_bank.database.pool.fetchval("select count(*) from log_pending")
    assert waiting == 0


async def test_one_sequencer_goes_on_from_step_to_step(log_bank: LogBank) -> None:
    async with log_bank.sequencer() as sequencer:
        await sequencer.open()
        for entries in (3, 255, 600):
            await log_bank.post(entries)
            assert await sequencer.step() == entries
            assert await sequencer.step() == 0
    assert (await log_bank.check()).size == 858


async def test_incomplete_tiles_go_when_they_are_complete_and_can_still_be_read(log_bank: LogBank) -> None:
    await log_bank.post(200)
    await log_bank.seal()
    files = await log_bank.files()
    before = files.read(Tile(0, 0, 200))
    assert (files.folder / "tile/0/000.p/200").exists()
    await log_bank.post(100)
    await log_bank.seal()
    assert not (files.folder / "tile/0/000.p").exists()
    assert files.read(Tile(0, 0, 200)) == before


async def test_the_order_of_leaves_says_nothing_of_who_or_when(log_bank: LogBank) -> None:
    await log_bank.post(50)
    await log_bank.seal()
    leaves = await log_bank.database.pool.fetchval("select commitments from log_block")
    assert leaves == sorted(leaves)


async def test_what_was_posted_before_there_was_a_log_is_in_it(log_bank: LogBank) -> None:
    """The migration queues what it finds; here the queue is made anew by its statement."""
    await log_bank.post(5)
    owner = await asyncpg.connect(log_bank.store.migrations_database)
    await owner.execute("delete from log_pending")
    assert {finding.invariant for finding in await log_bank.audit()} == {18}
    sql = (await asyncio.to_thread(_migration)).split("\n\n")
    (statement,) = [one for one in sql if one.startswith("insert into log_pending")]
    await owner.execute(statement)
    await owner.close()
    assert await log_bank.seal() == 5
    await log_bank.check()


def _migration() -> str:
    with open("services/creditbank/migrations/sql/0003_log.sql", encoding="utf-8") as file:
        return file.read()


async def test_two_at_once_neither_fork_nor_lose(log_bank: LogBank) -> None:
    """Without the locks even: the database lets one at a time order leaves and record checkpoints."""
    await log_bank.seal()
    random_order = random.Random(7)  # noqa: S311  a test's own order

    async def seal_often() -> int:
        refused = 0
        for _ in range(15):
            try:
                await log_bank.seal()
            except (SigningRefused, asyncpg.ObjectNotInPrerequisiteStateError, OSError):
                refused += 1
            await asyncio.sleep(random_order.random() / 100)
        return refused

    async def post_often() -> None:
        for _ in range(40):
            await log_bank.post(random_order.randrange(1, 60))

    await asyncio.gather(seal_often(), seal_often(), post_often())
    await log_bank.seal()
    assert (await log_bank.check()).size == log_bank._posted


async def test_one_leads_and_another_takes_over(log_bank: LogBank) -> None:
    first, second = (
        asyncio.create_task(Sequencing(log_bank.database, log_bank.settings).run()) for _ in range(2)
    )
    await log_bank.post(10)
    await _until_sealed(log_bank, 10)
    first.cancel()
    await asyncio.wait([first])
    await log_bank.post(10)
    await _until_sealed(log_bank, 20)
    second.cancel()
    await asyncio.wait([second])
    await log_bank.check()


async def _until_sealed(log_bank: LogBank, size: int) -> None:
    async with asyncio.timeout(10):
        while not await log_bank.database.pool.fetchval(
            "select count(*) from log_checkpoint where size = $1", size
        ):
            await asyncio.sleep(0.05)


async def test_one_process_writes_below_a_directory(log_bank: LogBank) -> None:
    mine, other = DirectoryLock(log_bank.directory), DirectoryLock(log_bank.directory)
    assert mine.acquire()
    assert not other.acquire()
    mine.release()
    assert other.acquire()
    other.release()


async def test_older_tiles_are_refused_and_the_present_ones_are_not(log_bank: LogBank) -> None:
    await log_bank.post(300)
    await log_bank.seal()
    yesterday = log_bank.directory.with_name("yesterday")
    shutil.copytree(log_bank.directory, yesterday)
    for _ in range(2):
        await log_bank.post(300)
        await log_bank.seal()
    today = log_bank.directory.with_name("today")
    log_bank.directory.rename(today)
    yesterday.rename(log_bank.directory)
    await log_bank.post(1)
    with pytest.raises(SigningRefused, match="files are older"):
        await log_bank.seal()
    assert (await log_bank.published()).size == 300
    log_bank.directory.rename(log_bank.directory.with_name("gone"))
    today.rename(log_bank.directory)
    assert await log_bank.seal() == 1
    await log_bank.check()


async def test_older_tiles_under_todays_checkpoint_are_refused(log_bank: LogBank) -> None:
    await log_bank.post(300)
    await log_bank.seal()
    yesterday = log_bank.directory.with_name("yesterday")
    shutil.copytree(log_bank.directory, yesterday)
    await log_bank.post(300)
    await log_bank.seal()
    files = await log_bank.files()
    shutil.rmtree(files.folder / "tile")
    shutil.copytree(yesterday / files.folder.name / "tile", files.folder / "tile")
    with pytest.raises(SigningRefused, match="missing"):
        await log_bank.seal()


async def test_tiles_restored_under_a_running_sequencer_are_refused(log_bank: LogBank) -> None:
    await log_bank.post(300)
    async with log_bank.sequencer() as sequencer:
        await sequencer.open()
        await sequencer.step()
        yesterday = log_bank.directory.with_name("yesterday")
        shutil.copytree(log_bank.directory, yesterday)
        await log_bank.post(300)
        await sequencer.step()
        shutil.rmtree(log_bank.directory)
        yesterday.rename(log_bank.directory)
        await log_bank.post(1)
        with pytest.raises(SigningRefused):
            await sequencer.step()
    assert (await log_bank.published()).size == 300


async def test_an_altered_tile_of_the_right_edge_is_refused(log_bank: LogBank) -> None:
    await log_bank.post(300)
    await log_bank.seal()
    path = (await log_bank.files()).folder / "tile/0/001.p/44"
    path.write_bytes(os.urandom(44 * 32))
    with pytest.raises(SigningRefused, match="root"):
        await log_bank.seal()


async def test_a_lost_checkpoint_or_one_of_another_key_is_refused(log_bank: LogBank) -> None:
    await log_bank.post(3)
    await log_bank.seal()
    path = (await log_bank.files()).folder / "checkpoint"
    note = path.read_text()
    for text in (None, note.replace("\n3\n", "\n2\n"), note.partition("\n\n")[0], ""):
        path.unlink()
        if text is not None:
            path.write_text(text)
        with pytest.raises(SigningRefused):
            await log_bank.seal()
        path.write_text(note)
    assert await log_bank.seal() == 0


@pytest.mark.parametrize("steps", [1, 2])
async def test_an_older_database_is_refused(log_bank: LogBank, steps: int) -> None:
    """As if a backup had been restored: leaves and checkpoints of the last steps are gone."""
    await log_bank.post(300)
    await log_bank.seal()
    owner = await asyncpg.connect(log_bank.store.migrations_database)
    for table in ("log", "log_block", "log_checkpoint", "log_pending"):
        await owner.execute(f"create table backup_{table} as table {table}")
    for _ in range(steps):
        await log_bank.post(5)
        await log_bank.seal()
    published = await log_bank.published()
    for table in ("log_block", "log_checkpoint", "log_pending"):
        await owner.execute(f"delete from {table}")
        await owner.execute(f"insert into {table} overriding system value table backup_{table}")
    await owner.execute("update log set leaves = 300")
    await owner.close()
    await log_bank.post(9)
    with pytest.raises(SigningRefused, match="database is older"):
        await log_bank.seal()
    assert await log_bank.published() == published


async def test_a_database_from_before_the_log_is_refused(log_bank: LogBank) -> None:
    await log_bank.seal()
    owner = await asyncpg.connect(log_bank.store.migrations_database)
    await owner.execute("truncate log, log_key, log_block, log_checkpoint")
    await owner.close()
    with pytest.raises(SigningRefused, match="does not know"):
        await log_bank.seal()
    assert await log_bank.database.pool.fetchval("select count(*) from log") == 0


async def test_leaves_ordered_anew_by_an_older_database_meet_their_tiles(log_bank: LogBank) -> None:
    """Tiles were written, then the database lost the order: another order makes another tile."""
    await log_bank.post(3)
    await log_bank.seal()
    files = await log_bank.files()
    files.write([(Tile(0, 0, 4), os.urandom(128))])
    await log_bank.post(1)
    with pytest.raises(SigningRefused, match="differs"):
        await log_bank.seal()
    assert (await log_bank.published()).size == 3


async def test_another_key_encryption_key_cannot_sign(log_bank: LogBank) -> None:
    await log_bank.seal()
    log_bank.settings = log_bank.settings.model_copy(
        update={"key_encryption_key": type(log_bank.settings.key_encryption_key)("another")}
    )
    with pytest.raises(SigningRefused, match="key"):
        await log_bank.seal()


async def test_a_long_queue_is_sealed_in_several_blocks(log_bank: LogBank) -> None:
    owner = await asyncpg.connect(log_bank.store.migrations_database)
    await owner.execute(
        "insert into log_pending (leaves, commitments) select 1000, array("
        "select sha256(int4send(n * 1000 + m)) from generate_series(1, 1000) m) from generate_series(1, 45) n"
    )
    await owner.close()
    assert await log_bank.seal() == 45_000
    blocks = await log_bank.database.pool.fetch("select leaves from log_block order by first")
    assert [block["leaves"] for block in blocks] == [BLOCK_LEAVES, BLOCK_LEAVES, 5_000]
    found = {finding.row for finding in await log_bank.audit()}
    assert len(found) == 1, "these leaves are of no entry"


@pytest.mark.parametrize(("previous", "size"), [(3, 3), (3, 2), (3, 6), (2, 5), (None, 5), (5, 5), (0, 5)])
async def test_the_database_takes_no_checkpoint_that_does_not_follow(
    log_bank: LogBank, previous: int | None, size: int
) -> None:
    """Whoever signs it: three leaves are signed, five ordered."""
    await log_bank.post(3)
    await log_bank.seal()
    await log_bank.post(2)
    async with log_bank.sequencer() as sequencer:
        await sequencer.open()
        record = "select record_checkpoint(1::smallint, $1, $2, 'root', 'note')"
        await log_bank.database.pool.execute("select order_leaves(1::smallint, 10)")
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
            await log_bank.database.pool.execute(record, previous, size)
    assert await log_bank.seal() == 2
    assert (await log_bank.check()).size == 5


@pytest.mark.parametrize("table", ["log", "log_key", "log_pending", "log_block", "log_checkpoint"])
async def test_the_service_itself_can_alter_nothing_of_the_log(log_bank: LogBank, table: str) -> None:
    await log_bank.post(1)
    await log_bank.seal()
    for act in ("delete from {}", "truncate {}", "insert into {} select * from {}", "update {} set {}"):
        column = {"log_pending": "leaves = 0", "log": "leaves = 0"}.get(table, "log = 0")
        text = act.format(table, column if act.startswith("update") else table)
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.GeneratedAlwaysError)):
            await log_bank.database.pool.execute(text)


@pytest.mark.parametrize(
    ("damage", "invariants"),
    [
        ("update log_block set commitments = array_cat(commitments[2:], commitments[:1])", {18}),
        ("update log_block set commitments[1] = sha256('x')", {18}),
        ("update log_block set commitments[1] = 'x'", {18, 22}),
        ("delete from log_block", {18}),
        ("update log set leaves = leaves + 1", {18}),
        ("update log_checkpoint set root = sha256('x')", {18}),
        ("delete from log_pending", {18}),
        ("insert into log_block select log, leaves, leaves, sequenced_at, commitments from log_block", {18}),
        ("update entry set recorded_at = recorded_at - interval '1 hour' where sequence = 2", {18}),
        ("insert into erased_person select person from account limit 1", {22}),
        ("insert into shred_key values (99, 'x')", {22}),
    ],
)
async def test_the_audit_finds_damage_of_the_log(
    log_bank: LogBank, damage: str, invariants: set[int]
) -> None:
    await log_bank.post(6)
    await log_bank.seal()
    await log_bank.post(3)
    assert await log_bank.audit() == []
    owner = await asyncpg.connect(log_bank.store.migrations_database)
    await owner.execute(damage)
    await owner.close()
    assert {finding.invariant for finding in await log_bank.audit()} == invariants


async def test_after_erasure_the_proofs_of_others_hold(log_bank: LogBank) -> None:
    await log_bank.post(9)
    await log_bank.seal()
    before = await log_bank.published()
    await log_bank.database.pool.execute("select cut_links($1)", [log_bank.district.students[0]])
    await log_bank.post(1, log_bank.district.students[1])
    await log_bank.seal()
    assert (await log_bank.check()).size == before.size + 1
