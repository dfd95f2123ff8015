"""Transfers: a learner asks an institution to count credits of others, and it answers lot by lot.

The credits stay where they are, the learner's own: what is decided is whether they count in this
institution's awards, as which of its courses and for how much. Nothing is lost by asking, and each credit is
still spent once.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.approvals import service as approvals
from services.creditbank.approvals.problems import DecisionNotDue
from services.creditbank.approvals.rules import RULING
from services.creditbank.approvals.service import Holder, within
from services.creditbank.institutions import service as institutions
from services.creditbank.programmes.problems import CourseUnknown, LotUnknown
from services.creditbank.tables import Connection, Where
from services.creditbank.transfers import repository
from services.creditbank.transfers.problems import DecisionIncomplete, OwnCredits

of_learner = repository.REQUESTS.of_learner
_document = repository.REQUESTS.document


@dataclass(frozen=True, slots=True)
class Asked:
    """A lot, by scheme and number, and how much of it is to count; None for all that is free."""

    scheme: str
    number: int
    amount: int | None


@dataclass(frozen=True, slots=True)
class Decided:
    """The institution's word on a lot: so much counts as this course; nothing, for a reason."""

    scheme: str
    number: int
    accepted: int | None
    course: UUID | None
    reason: str | None


async def request(
    database: Database,
    caller: Caller,
    institution: UUID,
    lots: Sequence[Asked],
    *,
    key: str,
    note: str | None,
) -> bytes:
    """Ask an institution. Sent again under its key it has no second effect."""

    async def make(connection: Connection, holder: Holder, digest: str) -> UUID:
        if not await institutions.is_registered(connection, institution):
            raise NotFound
        transfer = new_id()
        found = await _lots(connection, holder, institution, lots)
        await repository.add(
            connection, holder.number, transfer, institution, (key, digest, note), holder.id, found
        )
        return transfer

    content = f"{institution}{sorted(map(repr, lots))}{note}"
    return await approvals.ask_once(database, caller, repository.REQUESTS, key, content, make)


async def _lots(
    where: Where, holder: Holder, institution: UUID, lots: Sequence[Asked]
) -> list[tuple[int, int, int, int]]:
    by_scheme: dict[str, list[Asked]] = defaultdict(list)
    for one in lots:
        by_scheme[one.scheme].append(one)
    found = []
    missing, own = [], []
    for scheme, some in by_scheme.items():
        rows = await repository.lots(
            where, holder.books, holder.number, scheme, [one.number for one in some], institution=institution
        )
        by_number = {row["number"]: row for row in rows}
        for one in some:
            row = by_number.get(one.number)
            if row is None or (one.amount or 0) > row["available"]:
                missing.append(one.number)
            elif row["own"]:
                own.append(one.number)
            else:
                found.append((row["book"], row["scheme"], one.number, one.amount or row["available"]))
    if missing:
        raise LotUnknown(lots=", ".join(map(str, missing)))
    if own:
        raise OwnCredits(lots=", ".join(map(str, own)))
    return found


async def read(where: Where, caller: Caller, transfer: UUID) -> bytes:
    """One request, for its learner and for those who decide at the institution that was asked."""
    found = await repository.find(where, transfer)
    if found is None:
        raise NotFound
    if caller.subject not in found["ids"]:
        await approvals.may_decide(where, found["institution"], caller, RULING)
    return await _document(where, transfer)


async def decide(database: Database, caller: Caller, transfer: UUID, decisions: Sequence[Decided]) -> bytes:
    """Answer every lot of a request: by somebody of the institution asked who is not the learner."""

    async def work(connection: Connection) -> bytes:
        found = await repository.find(connection, transfer, locked=True)
        if found is None:
            raise NotFound
        await approvals.may_decide(connection, found["institution"], caller, RULING)
        await approvals.refuse_the_same_person(connection, caller, *found["ids"], found["requested_by"])
        if found["state"] != "requested":
            raise DecisionNotDue(state=found["state"])
        asked = await repository.asked(connection, found["learner"], transfer)
        _refuse_unless_complete(asked, decisions)
        if any(one.accepted != 0 for one in decisions):
            await institutions.refuse_unless_registered(connection, found["institution"])
        courses = [one.course for one in decisions if one.course is not None]
        unknown = await repository.unknown_courses(connection, courses, institution=found["institution"])
        if unknown:
            raise CourseUnknown(course=str(unknown[0]))
        rows = []
        for one in decisions:
            accepted = asked[one.scheme, one.number] if one.accepted is None else one.accepted
            rows.append((one.scheme, one.number, accepted, one.course if accepted else None, one.reason))
        await repository.decide(connection, found["learner"], transfer, caller.subject, rows)
        return await _document(connection, transfer)

    return await within(database, work)


def _refuse_unless_complete(asked: dict[tuple[str, int], int], decisions: Sequence[Decided]) -> None:
    given = [(one.scheme, one.number) for one in decisions]
    wrong = set(given) ^ set(asked) | {one for one in given if given.count(one) > 1}
    wrong |= {
        (one.scheme, one.number)
        for one in decisions
        if one.accepted is not None
        and (
            ((one.scheme, one.number) in asked and one.accepted > asked[one.scheme, one.number])
            or (one.accepted == 0 and one.reason is None)
        )
    }
    if wrong:
        raise DecisionIncomplete(lots=", ".join(f"{scheme} {number}" for scheme, number in sorted(wrong)))


async def withdraw(database: Database, caller: Caller, transfer: UUID) -> bytes:
    """The learner no longer asks."""

    async def work(connection: Connection) -> bytes:
        found = await repository.find(connection, transfer, locked=True)
        if found is None or caller.subject not in found["ids"]:
            raise NotFound
        if found["state"] != "requested":
            raise DecisionNotDue(state=found["state"])
        await repository.withdraw(connection, found["learner"], transfer)
        return await _document(connection, transfer)

    return await within(database, work)
