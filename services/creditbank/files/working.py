"""What is done with one file: read, judged, posted. It may end anywhere and be begun again.

Items are posted under their keys and marked with what became of them afterwards, so that a part whose answer
was lost is only told again; by the calls written down before, it is known that they were the file's own.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from libs.common.database import Database, retrying
from libs.common.ids import new_id
from services.creditbank.deposits.rules import Answer, Answers, Call, Item, Refused, key_digest
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.files import repository
from services.creditbank.files.reading import FileReader, FileRefused
from services.creditbank.files.rules import ATTEMPTS, MOST_ITEMS, PART, PROFILES, Judged, Memory, Profile
from services.creditbank.profiles import service as profiles
from services.creditbank.suspense import service as suspense
from services.creditbank.suspense.rules import WAITS_FOR, Suspended
from services.creditbank.tables import Connection

Post = Callable[[Call, int], Awaitable[Answers | Refused]]
Part = Sequence[tuple[int, Item]]
_BAD: Final = ("conflict", "refused")


class _CallRefused(Exception):
    """The institution may not post, or not any more."""


class _Withheld(Exception):
    """All or nothing was asked, and something cannot be posted."""

    def __init__(self, answers: list[Judged], before: int) -> None:
        super().__init__()
        self.answers = answers
        self.before = before


class FileWork:
    """Works on one file that `connection` holds the lock of; that is committed as it goes."""

    def __init__(
        self, database: Database, connection: Connection, desk: PostingDesk, post: Post, job: asyncpg.Record
    ) -> None:
        self._database = database
        self._connection = connection
        self._desk = desk
        self._post = post
        self._job = job
        self._id: UUID = job["id"]

    async def run(self) -> None:
        """Do what is to do until the file is done with, or waits for somebody."""
        if self._job["attempts"] > ATTEMPTS:
            await self._end("failed")
            return
        try:
            state: str = self._job["state"]
            if state in ("queued", "reading"):
                state = await self._read()
            if state == "judging":
                state = await self._judge()
            if state == "posting":
                await (self._post_all() if self._job["atomic"] else self._post_each())
        except FileRefused as refused:
            await self._end("refused", refused.reason, refused.line)
        except _CallRefused as refused:
            await self._end("refused", str(refused))

    async def _end(self, state: str, refusal: str | None = None, line: int | None = None) -> None:
        async with self._connection.transaction():
            await repository.end(self._connection, self._id, state, refusal, line)

    async def _read(self) -> str:
        """Make items of the rows; a file without one is refused. Reading leaves the event loop free."""
        connection = self._connection
        async with connection.transaction():
            await repository.restage(connection, self._id)
        items = 0
        # A file without a name: nothing stays behind, however this process ends.
        with tempfile.TemporaryFile() as content:
            async for piece in repository.pieces(connection, self._id):
                content.write(piece)
            content.seek(0)
            reader = FileReader(content, await self._profile(), self._job["encoding"])
            while rows := await asyncio.to_thread(reader.next_part):
                if items + len(rows) > MOST_ITEMS:
                    raise FileRefused("too_many_rows", rows[0].line)
                async with connection.transaction():
                    await repository.stage(connection, self._id, items, rows)
                    await repository.progress(connection, self._id, reader.position)
                items += len(rows)
        if not items:
            raise FileRefused("empty")
        is_judged = self._job["dry_run"] or self._job["atomic"] or self._job["needs_approval"]
        state = "judging" if is_judged else "posting"
        async with connection.transaction():
            await repository.staged(connection, self._id, state)
        return state

    async def _profile(self) -> Profile:
        stored = self._job["stored_profile"]
        if stored is None:
            return PROFILES[self._job["profile"]]
        return await profiles.by_id(self._connection, stored)

    async def _judge(self) -> str:
        """Ask of every item whether it could be posted: each part is posted, and undone."""
        connection = self._connection
        async with connection.transaction():
            await repository.rejudge(connection, self._id)
        memory, after = Memory(), 0
        while part := await repository.next_part(connection, self._id, after, PART):
            after = part[-1][0]
            answers = [
                memory.judge(item, one) for (_, item), one in zip(part, await self._try(part), strict=True)
            ]
            await repository.report(connection, self._id, answers)
        return await self._after_judging()

    async def _after_judging(self) -> str:
        found = await repository.shown(self._connection, self._id)
        assert found is not None, "files are not deleted"
        if self._job["dry_run"]:
            await self._end("judged")
            return "judged"
        if self._job["atomic"] and (found["refused"] or found["conflicts"]):
            await self._end("refused", "items_refused")
            return "refused"
        state = "awaiting_approval" if self._job["needs_approval"] else "posting"
        await repository.go_on(self._connection, self._id, state)
        return state

    async def _try(self, part: Part) -> list[Judged]:
        """What would become of a part if it were posted now."""

        async def once() -> Answers | Refused:
            undone = self._connection.transaction()
            await undone.start()
            try:
                return (await self._desk.post_within(self._connection, [self._call(part)]))[0]
            finally:
                await undone.rollback()

        return [self._judgement(one) for one in self._judged(part, await retrying(once))]

    def _judgement(self, one: Judged) -> Judged:
        if one.outcome == "posted":
            return one._replace(outcome="accepted", entry=None)
        if one.outcome == "suspended" and not self._job["dry_run"]:
            return one._replace(outcome="accepted")  # it will be kept for its learner
        return one

    def _call(self, part: Part) -> Call:
        job = self._job
        items = [item for _, item in part]
        return Call(
            new_id(), job["organisation"], job["institution"], str(job["client"]), job["scheme"], items
        )

    def _judged(self, part: Part, answers: Answers | Refused) -> list[Judged]:
        """A call's answers in terms of the file; who is unknown is waited for, if the file asks for it."""
        if isinstance(answers, Refused):
            raise _CallRefused(answers.reason)
        return [
            Judged(number, *self._outcome(answer), answer.entry, learner)
            for (number, _), answer, learner in zip(part, answers.items, answers.learners, strict=True)
        ]

    def _outcome(self, answer: Answer) -> tuple[str, str | None]:
        if answer.outcome == "conflict":
            return "conflict", "key_conflict"
        if answer.reason == WAITS_FOR and self._job["suspends"]:
            return "suspended", WAITS_FOR
        return answer.outcome, answer.reason

    async def _post_each(self) -> None:
        """Post a part after the other, each through the desk where others' calls are posted too."""
        connection, after, is_first = self._connection, 0, True
        while part := await repository.next_part(connection, self._id, after, PART):
            after = part[-1][0]
            call = self._call(part)
            await repository.will_post(connection, self._id, part[0][0], call.id)
            answers = self._judged(part, await self._post(call, len(part)))
            if is_first:  # perhaps a part whose answer was lost
                answers = await self._own(part, answers)
                is_first = False
            async with connection.transaction():
                await repository.report(connection, self._id, await self._suspend(connection, part, answers))
        await self._end("posted")

    async def _own(self, part: Part, answers: list[Judged]) -> list[Judged]:
        """What this part itself posted before its answer was lost was posted, not merely told again."""
        replayed = [
            (one.entry, key_digest(self._job["institution"], item.key))
            for one, (_, item) in zip(answers, part, strict=True)
            if one.outcome == "replayed" and one.entry is not None
        ]
        if not replayed:
            return answers
        entries, hashes = [entry for entry, _ in replayed], [hashed for _, hashed in replayed]
        own = await repository.own_entries(self._connection, self._id, part[0][0], entries, hashes)
        own -= {one.entry for one in answers if one.outcome == "posted" and one.entry is not None}
        corrected = []
        for one in answers:
            if one.outcome == "replayed" and one.entry in own:
                own.discard(one.entry)
                one = one._replace(outcome="posted")
            corrected.append(one)
        return corrected

    async def _suspend(self, connection: Connection, part: Part, answers: list[Judged]) -> list[Judged]:
        """Keep for their learners what waits for them."""
        job = self._job
        places = [place for place, one in enumerate(answers) if one.outcome == "suspended"]
        conflicting = await suspense.suspend(
            connection,
            [
                Suspended(
                    job["institution"],
                    job["organisation"],
                    job["client"],
                    job["scheme"],
                    self._id,
                    *part[place],
                )
                for place in places
            ],
        )
        for n in conflicting:
            answers[places[n]] = answers[places[n]]._replace(outcome="conflict", reason="key_conflict")
        return answers

    async def _post_all(self) -> None:
        """Post everything in one transaction, accounts in the order in which all writers lock them."""
        try:
            await retrying(self._post_whole)
        except _Withheld as withheld:
            # Judged well, but not well any more: somebody else posted meanwhile.
            await repository.progress(self._connection, self._id, withheld.before)
            for begin in range(0, len(withheld.answers), PART):
                part = [self._judgement(one) for one in withheld.answers[begin : begin + PART]]
                await repository.report(self._connection, self._id, part)
            await self._end("refused", "items_refused")

    async def _post_whole(self) -> None:
        connection = await self._database.connect()
        try:
            numbers = await repository.by_learner(connection, self._id)
            found = await repository.shown(connection, self._id)
            before = 0 if found is None else found["items"] - len(numbers)
            answers: list[Judged] = []
            async with connection.transaction():
                for begin in range(0, len(numbers), PART):
                    part = await repository.named(connection, self._id, numbers[begin : begin + PART])
                    call = self._call(part)
                    await repository.will_post(connection, self._id, numbers[begin], call.id)
                    told = await self._desk.post_within(connection, [call])
                    answers += await self._suspend(connection, part, self._judged(part, told[0]))
                    await repository.progress(self._connection, self._id, before + begin + len(part))
                if any(one.outcome in _BAD for one in answers):
                    raise _Withheld(answers, before)
                await repository.progress(connection, self._id, before)
                for begin in range(0, len(answers), PART):
                    await repository.report(connection, self._id, answers[begin : begin + PART])
                await repository.end(connection, self._id, "posted")
        finally:
            await connection.close()
        self._database.events_recorded()
