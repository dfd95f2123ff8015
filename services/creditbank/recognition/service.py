"""Recognition of prior learning: claimed by a learner, assessed by one, offered by another, accepted, posted.

What is posted is an ordinary deposit of the institution for a course of its own; that it was recognised and
not taught is known of the lot for ever, and programmes may limit how much of that they count.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.approvals import service as approvals
from services.creditbank.approvals.problems import DecisionNotDue
from services.creditbank.approvals.rules import ASSESSING, RULING
from services.creditbank.approvals.service import Holder, within
from services.creditbank.deposits.rules import Call, Item, Refused
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from services.creditbank.recognition import repository
from services.creditbank.recognition.problems import AssessmentIncomplete, NotOfInstitution, NotPosted
from services.creditbank.tables import Connection, Where

of_learner = repository.REQUESTS.of_learner
_document = repository.REQUESTS.document


@dataclass(frozen=True, slots=True)
class Offer:
    """What a claim is worth: credits for a course, or nothing, for a reason."""

    number: int
    course: UUID | None
    scheme: str
    amount: int | None
    grade: str | None
    reason: str | None


async def request(
    database: Database, caller: Caller, institution: UUID, claims: Sequence[tuple[str, str]], *, key: str
) -> bytes:
    """Ask an institution to recognise claims, each a title and evidence. Safe to repeat under its key."""

    async def make(connection: Connection, holder: Holder, digest: str) -> UUID:
        registered, belongs = await repository.belongs(connection, institution, holder.books)
        if not registered:
            raise NotFound
        if not belongs:
            raise NotOfInstitution
        made = new_id()
        await repository.add(connection, holder.number, made, institution, (key, digest), holder.id, claims)
        return made

    content = f"{institution}{list(claims)}"
    return await approvals.ask_once(database, caller, repository.REQUESTS, key, content, make)


async def read(where: Where, caller: Caller, recognition: UUID) -> bytes:
    """One request, for its learner and for those who assess at the institution."""
    found = await repository.find(where, recognition)
    if found is None:
        raise NotFound
    if caller.subject not in found["ids"]:
        await approvals.may_decide(where, found["institution"], caller, ASSESSING)
    return await _document(where, recognition)


async def assess(database: Database, caller: Caller, recognition: UUID, offers: Sequence[Offer]) -> bytes:
    """Say what each claim is worth: by an assessor who is not the learner. Somebody else offers it."""

    async def work(connection: Connection) -> bytes:
        found = await _waiting(connection, recognition, "requested", caller, ASSESSING)
        learner = found["learner"]
        claims = await repository.items(connection, learner, recognition)
        given = [one.number for one in offers]
        wrong = set(given) ^ {row["number"] for row in claims}
        wrong |= {number for number in given if given.count(number) > 1}
        wrong |= set(
            await repository.unknown(
                connection,
                [(one.number, one.course, one.scheme) for one in offers],
                institution=found["institution"],
            )
        )
        if wrong:
            raise AssessmentIncomplete(claims=", ".join(map(str, sorted(wrong))))
        await repository.offer(
            connection,
            learner,
            recognition,
            [(one.number, one.course, one.scheme, one.amount, one.grade, one.reason) for one in offers],
        )
        await repository.step(connection, learner, recognition, "assessed", caller.subject)
        return await _document(connection, recognition)

    return await within(database, work)


async def decide(
    database: Database, caller: Caller, recognition: UUID, *, approve: bool, reason: str | None
) -> bytes:
    """Offer what was assessed, or reject it: by a third person. Nothing worth credits is rejected."""

    async def work(connection: Connection) -> bytes:
        found = await _waiting(connection, recognition, "assessed", caller, RULING)
        learner = found["learner"]
        claims = await repository.items(connection, learner, recognition)
        worth = any(row["amount"] is not None for row in claims)
        state = "offered" if approve and worth else "rejected"
        await repository.step(connection, learner, recognition, state, caller.subject, reason)
        return await _document(connection, recognition)

    return await within(database, work)


async def withdraw(database: Database, caller: Caller, recognition: UUID) -> bytes:
    """The learner no longer asks, or does not want what is offered."""

    async def work(connection: Connection) -> bytes:
        found = await _own(connection, caller, recognition, ("requested", "assessed", "offered"))
        await repository.step(connection, found["learner"], recognition, "withdrawn")
        return await _document(connection, recognition)

    return await within(database, work)


async def accept(database: Database, keys: KeyRing, caller: Caller, recognition: UUID) -> bytes:
    """The learner accepts the offer: the credits are posted in the same transaction."""
    desk = PostingDesk(database, keys)

    async def work(connection: Connection) -> bytes:
        found = await _own(connection, caller, recognition, ("offered",))
        (await approvals.holder(connection, caller.subject)).require_consent(caller.subject)
        claims = await repository.items(connection, found["learner"], recognition)
        schemes: dict[str, list[asyncpg.Record]] = defaultdict(list)
        for row in claims:
            if row["amount"] is not None:
                schemes[row["code"]].append(row)
        calls = [_call(found, scheme, rows) for scheme, rows in sorted(schemes.items())]
        lots: dict[int, UUID] = {}
        batches = []
        answers = await desk.post_within(connection, calls)
        for answer, (_, rows) in zip(answers, sorted(schemes.items()), strict=True):
            if isinstance(answer, Refused):
                raise NotPosted(reason=answer.reason)
            batches.append(answer.batch)
            for row, one in zip(rows, answer.items, strict=True):
                if one.outcome != "posted" or one.entry is None:
                    raise NotPosted(reason=one.reason or one.outcome)
                lots[row["number"]] = one.entry
        await repository.posted(connection, found["learner"], recognition, batches, lots)
        await repository.step(connection, found["learner"], recognition, "posted")
        return await _document(connection, recognition)

    return await within(database, work)


def _call(found: asyncpg.Record, scheme: str, rows: Sequence[asyncpg.Record]) -> Call:
    """The deposit that an accepted offer is."""
    today = datetime.now(UTC).date()
    return Call(
        new_id(),
        found["institution"],
        found["institution"],
        f"recognition {found['id']}",
        scheme,
        [
            Item(
                key=f"recognition {found['id']} {row['number']}",
                learner_id=found["holder"],
                learner_sourced_id=None,
                course_id=row["outcome"],
                course_sourced_id=None,
                attempt=f"recognition {found['id']} {row['number']}",
                amount=row["amount"],
                grade=row["grade"],
                earned_on=today,
            )
            for row in rows
        ],
    )


async def _own(
    connection: Connection, caller: Caller, recognition: UUID, states: Sequence[str]
) -> asyncpg.Record:
    """The caller's own request, locked, if it is in one of the states."""
    found = await repository.find(connection, recognition, locked=True)
    if found is None or caller.subject not in found["ids"]:
        raise NotFound
    if found["state"] not in states:
        raise DecisionNotDue(state=found["state"])
    return found


async def _waiting(
    connection: Connection, recognition: UUID, state: str, caller: Caller, roles: Sequence[str]
) -> asyncpg.Record:
    """The request, locked, if it waits in that state for the caller, who has had no part in it."""
    found = await repository.find(connection, recognition, locked=True)
    if found is None:
        raise NotFound
    await approvals.may_decide(connection, found["institution"], caller, roles)
    await approvals.refuse_the_same_person(
        connection, caller, *found["ids"], found["requested_by"], found["assessed_by"]
    )
    if found["state"] != state:
        raise DecisionNotDue(state=found["state"])
    return found
