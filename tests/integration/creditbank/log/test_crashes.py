"""A crash at any write, and a process killed at any time: the log goes on, and never forks."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from services.creditbank.log import repository, store
from services.creditbank.log.merkle import check_consistency, consistency_proof
from services.creditbank.log.notes import open_checkpoint
from services.creditbank.log.tiles import subtrees
from tests.integration.creditbank.log.conftest import LogBank

WRITES = ("open", "write", "fsync", "replace", "mkdir")
STATEMENTS = ("order", "record_checkpoint")


class Crash(BaseException):
    """The process ends here, as far as the sequencer can tell."""


class Countdown:
    """Lets so many writes pass, then crashes at every further one: before it is done, or after."""

    def __init__(self, passing: int, *, after: bool) -> None:
        self.left = passing
        self.after = after
        self.crashed = False

    def act(self, done: bool) -> None:
        if self.crashed:
            raise Crash
        if done is self.after:
            self.left -= 1
            if self.left < 0:
                self.crashed = True
                raise Crash


@contextmanager
def crashing(monkeypatch: pytest.MonkeyPatch, countdown: Countdown) -> Iterator[None]:
    """Every write to disk and every statement of the sequencer counts."""

    def watched(real: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            countdown.act(False)
            result = real(*arguments, **options)
            countdown.act(True)
            return result

        return call

    def watched_statement(real: Any) -> Any:
        async def call(*arguments: Any, **options: Any) -> Any:
            countdown.act(False)
            result = await real(*arguments, **options)
            countdown.act(True)
            return result

        return call

    class Disk:
        def __getattr__(self, name: str) -> Any:
            found = getattr(os, name)
            return watched(found) if name in WRITES else found

    with monkeypatch.context() as patch:
        patch.setattr(store, "os", Disk())
        for name in STATEMENTS:
            patch.setattr(repository, name, watched_statement(getattr(repository, name)))
        yield


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_at_each_write_leaves_a_log_that_goes_on(
    log_bank: LogBank, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    """Each round posts, crashes one write later than the last, and looks at what an outsider would see."""
    await log_bank.post(250)
    await log_bank.seal()
    seen = [await log_bank.published()]
    crashes = 0
    for passing in range(200):
        await log_bank.post(2 + passing % 9)
        countdown = Countdown(passing, after=after)
        with crashing(monkeypatch, countdown):
            try:
                await log_bank.seal()
            except Crash:
                crashes += 1
        seen.append(await log_bank.published())
        if not countdown.crashed:
            break
    assert crashes > 15, "a step has many writes"
    await log_bank.seal()
    final = await log_bank.check()
    assert final.size == log_bank._posted
    subtree = subtrees((await log_bank.files()).read, final.size)
    for old in seen:
        proof = consistency_proof(subtree, old.size, final.size)
        check_consistency(old.size, final.size, old.root, final.root, proof)


async def _start(log_bank: LogBank) -> asyncio.subprocess.Process:
    settings = log_bank.settings
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.creditbank",
        "sequence",
        env={
            **os.environ,
            "CREDITBANK_ENVIRONMENT": "development",
            "CREDITBANK_DATABASE": settings.database,
            "CREDITBANK_REDIS": settings.redis,
            "CREDITBANK_ISSUER": settings.issuer,
            "CREDITBANK_PUBLIC_ADDRESS": settings.public_address,
            "CREDITBANK_LOG_DIRECTORY": str(settings.log_directory),
            "CREDITBANK_LOG_INTERVAL_SECONDS": "0.01",
        },
        stdout=asyncio.subprocess.DEVNULL,
    )


async def test_a_process_killed_again_and_again_never_forks_the_log(log_bank: LogBank) -> None:
    """kill -9 of the sequencer's own process under posting; every checkpoint anybody saw stays valid."""
    random_order = random.Random(11)  # noqa: S311  a test's own order
    await log_bank.seal()
    notes: set[str] = set()
    posting = True

    async def post() -> None:
        while posting:
            await log_bank.post(random_order.randrange(1, 80))
            await asyncio.sleep(0.05)

    async def watch() -> None:
        files = await log_bank.files()
        while posting:
            notes.add(files.checkpoint() or "")
            await asyncio.sleep(0.002)

    others = [asyncio.create_task(post()), asyncio.create_task(watch())]
    for _ in range(6):
        process = await _start(log_bank)
        before = len(notes)
        async with asyncio.timeout(20):
            while len(notes) < before + 3:
                await asyncio.sleep(0.01)
        await asyncio.sleep(random_order.random() / 10)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    posting = False
    await asyncio.gather(*others)
    while await log_bank.seal():
        pass
    final = await log_bank.check()
    assert final.size == log_bank._posted
    verifiers = await log_bank.verifiers()
    subtree = subtrees((await log_bank.files()).read, final.size)
    assert len(notes) > 12
    for note in notes:
        old = open_checkpoint(note, verifiers, final.origin)
        if old.size:
            proof = consistency_proof(subtree, old.size, final.size)
            check_consistency(old.size, final.size, old.root, final.root, proof)


async def test_the_command_ends_when_it_must_refuse(log_bank: LogBank) -> None:
    await log_bank.post(3)
    await log_bank.seal()
    (await log_bank.files()).publish("not a checkpoint\n")
    process = await _start(log_bank)
    async with asyncio.timeout(20):
        assert await process.wait() == 1
