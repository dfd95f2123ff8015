"""Beginning the next log, and turning keys, by the operator."""

import asyncio

import asyncpg
import pytest

from services.creditbank.log.commands import CommandFailed, change_log
from services.creditbank.log.notes import NoteBroken, Verifier, open_checkpoint
from services.creditbank.log.sequencing import Sequencing
from tests.integration.creditbank.log.conftest import LogBank


async def test_the_next_log_is_tied_to_the_end_of_the_last(log_bank: LogBank) -> None:
    await log_bank.post(10)
    await log_bank.seal()
    told = await change_log(log_bank.settings, "begin", "2999")
    assert told["logs"][0]["name"] == "2999"
    await log_bank.post(10)
    assert await log_bank.seal() == 11
    assert (await log_bank.published()).origin == "creditbank.example/log/2999"
    assert (await log_bank.check()).size == 11
    old, new = told["logs"][1]["keys"], told["logs"][0]["keys"]
    assert old[0]["verifier"] != new[0]["verifier"]


async def test_a_running_sequencer_goes_on_with_the_next_log(log_bank: LogBank) -> None:
    running = asyncio.create_task(Sequencing(log_bank.database, log_bank.settings).run())
    posting = True

    async def post() -> None:
        while posting:
            await log_bank.post(7)
            await asyncio.sleep(0.01)

    poster = asyncio.create_task(post())
    async with asyncio.timeout(20):
        while not await log_bank.database.pool.fetchval("select max(size) > 0 from log_checkpoint"):
            await asyncio.sleep(0.05)
        await change_log(log_bank.settings, "begin", "2999")
        while not await log_bank.database.pool.fetchval(
            "select max(size) > 100 from log_checkpoint where log = 2"
        ):
            await asyncio.sleep(0.05)
    posting = False
    await poster
    running.cancel()
    await asyncio.wait([running])
    await log_bank.seal()
    await log_bank.check()
    leaves = await log_bank.database.pool.fetchval("select sum(leaves) from log")
    assert leaves == log_bank._posted + 1


async def test_no_log_begins_while_leaves_of_the_last_are_not_signed(log_bank: LogBank) -> None:
    await log_bank.seal()
    await log_bank.post(2)
    await log_bank.database.pool.execute("select order_leaves(1::smallint, 10)")
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
        await log_bank.database.pool.execute("select begin_log('2999', 'origin', 'key', 'sealed')")
    assert await log_bank.seal() == 2
    await change_log(log_bank.settings, "begin", "2999")
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
        await log_bank.database.pool.execute("select order_leaves(1::smallint, 10)")


async def test_a_log_begins_once_and_under_a_name(log_bank: LogBank) -> None:
    await log_bank.seal()
    for name in ("../x", "A", ""):
        if name:
            with pytest.raises(CommandFailed, match="lower-case"):
                await change_log(log_bank.settings, "begin", name)
    with pytest.raises(CommandFailed, match="already"):
        await change_log(log_bank.settings, "begin", await log_bank.name())


async def test_a_key_is_turned_with_overlap(log_bank: LogBank) -> None:
    with pytest.raises(CommandFailed, match="no log yet"):
        await change_log(log_bank.settings, "add-key", None)
    await log_bank.post(1)
    await log_bank.seal()
    (old,) = await log_bank.verifiers()
    with pytest.raises(CommandFailed, match="only key"):
        await change_log(log_bank.settings, "retire-key", old.key_id.hex())
    await change_log(log_bank.settings, "add-key", None)
    (new,) = [key for key in await log_bank.verifiers() if key != old]
    await log_bank.post(1)
    await log_bank.seal()
    assert await _signed_by(log_bank, old)
    assert await _signed_by(log_bank, new)
    told = await change_log(log_bank.settings, "retire-key", old.key_id.hex())
    assert [bool(key["retired_at"]) for key in told["logs"][0]["keys"]] == [True, False]
    assert not await log_bank.database.pool.fetchval(
        "select octet_length(sealed) from log_key where retired_at is not null"
    )
    await log_bank.post(1)
    await log_bank.seal()
    assert not await _signed_by(log_bank, old)
    assert await _signed_by(log_bank, new)
    await log_bank.check()
    for key_id in (old.key_id.hex(), new.key_id.hex(), "00000000", ""):
        with pytest.raises(CommandFailed):
            await change_log(log_bank.settings, "retire-key", key_id)


async def test_a_running_sequencer_signs_with_the_new_key_at_once(log_bank: LogBank) -> None:
    async with log_bank.sequencer() as sequencer:
        await sequencer.open()
        (old,) = await log_bank.verifiers()
        await change_log(log_bank.settings, "add-key", None)
        await change_log(log_bank.settings, "retire-key", old.key_id.hex())
        await log_bank.post(1)
        assert await sequencer.step() == 1
        (new,) = [key for key in await log_bank.verifiers() if key != old]
        assert [await _signed_by(log_bank, key) for key in (old, new)] == [False, True]


async def _signed_by(log_bank: LogBank, verifier: Verifier) -> bool:
    note = (await log_bank.files()).checkpoint()
    assert note is not None
    try:
        open_checkpoint(note, [verifier], verifier.name)
    except NoteBroken:
        return False
    return True
