"""Cases: disputed by one side, answered by the other, decided in the institution, appealed against once.

Nobody decides who made what the case is about, who has a part in it or who has decided in it before. What is
upheld is put right by an act that needs two people as always, and that is linked to the case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import Forbidden, NotFound
from libs.common.tracing import current_traceparent
from services.creditbank.approvals import service as approvals
from services.creditbank.approvals.service import Holder, within
from services.creditbank.awards import service as awards
from services.creditbank.cases import repository
from services.creditbank.cases.problems import (
    AppealOver,
    CaseDoesNotWait,
    CaseUnderWay,
    NotDisputable,
    RemedyUnfit,
    TooMuchEvidence,
)
from services.creditbank.cases.rules import (
    ABOVE,
    APPEALED_WITHIN,
    DECIDED_WITHIN,
    DECIDING,
    MOST_EVIDENCE,
    REMEDIES_OF,
    About,
    Act,
    Outcome,
    Side,
    Standing,
    after,
    can_be_appealed,
)
from services.creditbank.corrections import service as corrections
from services.creditbank.corrections.service import Replacement
from services.creditbank.institutions import service as institutions
from services.creditbank.institutions.service import OVERSEEING
from services.creditbank.learners.rules import CONSENTED
from services.creditbank.ledger.rules import Kind
from services.creditbank.tables import Connection, Pool, Where

_document = repository.REQUESTS.document


@dataclass(frozen=True, slots=True)
class Wish:
    """What a decision asks for: an entry or award taken back, or a deposit put in its place."""

    kind: str
    replacement: Replacement | None = None


async def open_case(
    database: Database,
    caller: Caller,
    learner: UUID | None,
    about: About,
    subject: UUID,
    claim: str,
    *,
    key: str,
) -> bytes:
    """Dispute something of a learner's: by the learner, a guardian, or for an entry by the institution."""
    person = learner or caller.subject

    async def make(connection: Connection, holder: Holder, digest: str) -> UUID:
        found = await repository.learner(connection, person)
        assert found is not None, "the holder was found by the same id"
        case = new_id()
        what = await repository.subject(connection, about, holder.books, subject)
        side = await _side_at_first(connection, caller, found, about, what)
        if what is None:
            raise NotFound
        if what["institution"] is None:
            raise NotDisputable(reason="kind")
        if about != "entry" and what["state"] != "refused":
            raise NotDisputable(reason="not_refused")
        if await repository.is_known(connection, holder.books, about, subject):
            raise CaseUnderWay
        await repository.add(
            connection,
            holder.number,
            case,
            what["institution"],
            about,
            subject,
            what["book"],
            what["scheme"],
            what["entry"],
            what["makers"],
            side,
            caller.subject,
            f"{caller.subject} {key}",
            digest,
            claim,
            datetime.now(UTC) + DECIDED_WITHIN,
        )
        await repository.tell(connection, holder.number, case, current_traceparent())
        return case

    content = f"{person}{about}{subject}{claim}"
    stored = f"{caller.subject} {key}"
    return await approvals.ask_once(database, caller, repository.REQUESTS, stored, content, make, of=person)


async def _side_at_first(
    where: Where, caller: Caller, found: asyncpg.Record, about: About, what: asyncpg.Record | None
) -> Side:
    side = await _learners_side(where, caller, found)
    if side is not None:
        return side
    if about != "entry" or what is None or what["institution"] is None:
        raise NotFound
    await approvals.may_decide(where, what["institution"], caller, DECIDING)
    return "institution"


async def _learners_side(where: Where, caller: Caller, found: asyncpg.Record) -> Side | None:
    """Whether the caller is the learner, or looks after the learner by consent."""
    if caller.subject in found["ids"]:
        return "learner"
    if found["guardians"] and found["consent"] in CONSENTED:
        mine = {caller.subject} | set(await approvals.ids_of(where, caller.subject))
        if mine & set(found["guardians"]):
            return "guardian"
    return None


async def _side(where: Where, caller: Caller, found: asyncpg.Record | None) -> Side:
    """The side the caller takes in a case; raises NotFound for everybody else."""
    if found is None:
        raise NotFound
    side = await _learners_side(where, caller, found)
    if side is None:
        await approvals.may_decide(where, found["institution"], caller, DECIDING)
    return side or "institution"


async def read(where: Where, caller: Caller, case: UUID) -> bytes:
    """One case, for its sides and for those who oversee the institution."""
    found = await repository.find(where, case)
    if found is None:
        raise NotFound
    if await _learners_side(where, caller, found) is None:
        await approvals.may_decide(where, found["institution"], caller, OVERSEEING)
    return await _document(where, case)


async def mine(
    pool: Pool, caller: Caller, *, waiting: bool, after_id: UUID | None, limit: int
) -> list[tuple[bytes, UUID]]:
    """The caller's own cases, and those of the children the caller looks after."""
    books = list(await approvals.books(pool, caller.subject))
    ids = {caller.subject} | set(await approvals.ids_of(pool, caller.subject))
    books += await repository.books_beside(pool, ids, CONSENTED)
    return await repository.page(
        pool, books=books, institution=None, waiting=waiting, after=after_id, limit=limit
    )


async def of_institution(
    pool: Pool, caller: Caller, institution: UUID, *, waiting: bool, after_id: UUID | None, limit: int
) -> list[tuple[bytes, UUID]]:
    """Cases of the institution and those below it, for those who oversee it."""
    await approvals.may_decide(pool, institution, caller, OVERSEEING)
    return await repository.page(
        pool, books=None, institution=institution, waiting=waiting, after=after_id, limit=limit
    )


async def add_evidence(
    database: Database, caller: Caller, case: UUID, text: str, links: Sequence[str]
) -> bytes:
    """Bring something forward, while the case waits for a decision: by either side."""

    async def work(connection: Connection) -> bytes:
        found = await repository.find(connection, case, locked=True)
        side = await _side(connection, caller, found)
        assert found is not None, "it has sides"
        then = _then(found, "add_evidence")
        if await repository.evidence_of(connection, found, side) >= MOST_EVIDENCE:
            raise TooMuchEvidence(most=MOST_EVIDENCE)
        await repository.add_evidence(connection, found, side, caller.subject, text, links)
        await repository.step(connection, found, then.state, traceparent=current_traceparent())
        return await _document(connection, case)

    return await within(database, work)


async def decide(
    database: Database, caller: Caller, case: UUID, outcome: Outcome, reasons: str, wish: Wish | None
) -> bytes:
    """Uphold or dismiss: in the institution, or on appeal above it, by somebody who had no part in it."""

    async def work(connection: Connection) -> bytes:
        found = await repository.find(connection, case, locked=True)
        await _side(connection, caller, found)
        assert found is not None, "it has sides"
        then = _then(found, "decide")
        if then.decisions == 2 and not await institutions.holds_role_strictly_above(
            connection, found["institution"], caller, ABOVE
        ):
            raise Forbidden
        await approvals.may_decide(connection, found["institution"], caller, DECIDING)
        await approvals.refuse_the_same_person(
            connection,
            caller,
            found["opened_by"],
            found["appealed_by"],
            *(one for name in ("ids", "guardians", "makers", "deciders") for one in found[name]),
        )
        until = datetime.now(UTC) + APPEALED_WITHIN if then.decisions == 1 else None
        await repository.add_decision(
            connection, found, then.decisions, outcome, reasons, caller.subject, until
        )
        if wish is not None:
            await _begin_remedy(connection, caller, found, wish)
        await repository.step(connection, found, then.state, traceparent=current_traceparent())
        return await _document(connection, case)

    return await within(database, work)


async def _begin_remedy(connection: Connection, caller: Caller, found: asyncpg.Record, wish: Wish) -> None:
    """Ask for what puts the case right; another one has to agree, as whenever it is asked for."""
    reason = f"case {found['id']}"
    if found["about"] != "entry":
        raise RemedyUnfit
    entry = await repository.entry_of(connection, found)
    assert entry is not None, "entries stay"
    if wish.kind == "rescission":
        award = await repository.award_of(connection, found)
        if award is None:
            raise RemedyUnfit
        await awards.begin_rescission(connection, caller, award["id"], reason=reason)
        kind, remedy, book = "rescission", award["id"], award["learner"]
    else:
        if (wish.kind == "reversal") != (entry["kind"] == Kind.CONVERSION):
            raise RemedyUnfit
        if wish.kind == "reversal":
            remedy = await corrections.request_reversal(
                connection, caller, found["person"], entry["id"], reason
            )
        elif entry["kind"] in (Kind.DEPOSIT, Kind.ARRIVAL):
            remedy = await corrections.request(
                connection, caller, entry["batch"], entry["id"], reason, wish.replacement
            )
        else:
            raise RemedyUnfit
        kind, book = "correction", found["book"]
    await repository.add_remedy(connection, found, kind, remedy, book, caller.subject)


async def link_remedy(database: Database, caller: Caller, case: UUID, kind: str, remedy: UUID) -> bytes:
    """Say what was done since that puts right what was upheld: by either side."""

    async def work(connection: Connection) -> bytes:
        found = await repository.find(connection, case, locked=True)
        await _side(connection, caller, found)
        assert found is not None, "it has sides"
        if found["state"] != "decided" or found["outcome"] != "upheld":
            raise CaseDoesNotWait(state=found["state"])
        if kind not in REMEDIES_OF[found["about"]]:
            raise RemedyUnfit
        book = await repository.done_since(connection, found, kind, remedy)
        if book is None:
            raise RemedyUnfit
        await repository.add_remedy(connection, found, kind, remedy, book, caller.subject)
        await repository.step(connection, found, found["state"], traceparent=current_traceparent())
        return await _document(connection, case)

    return await within(database, work)


async def appeal(database: Database, caller: Caller, case: UUID, reasons: str) -> bytes:
    """Have the level above decide, once: for the learner's side, or the institution if it opened the case."""

    async def work(connection: Connection) -> bytes:
        found = await _of_those_who_may_end(connection, caller, case)
        now = datetime.now(UTC)
        then = after(_standing(found), "appeal")
        if then is None and found["state"] != "decided":
            raise CaseDoesNotWait(state=found["state"])
        if then is None or not can_be_appealed(_standing(found), found["appeal_until"], now):
            raise AppealOver
        await repository.step(
            connection,
            found,
            then.state,
            due=now + DECIDED_WITHIN,
            appeal=(caller.subject, reasons),
            traceparent=current_traceparent(),
        )
        return await _document(connection, case)

    return await within(database, work)


async def end(database: Database, caller: Caller, case: UUID) -> bytes:
    """Withdraw what is not decided yet, or accept the decision: by those who could appeal."""

    async def work(connection: Connection) -> bytes:
        found = await _of_those_who_may_end(connection, caller, case)
        act: Act = "withdraw" if found["state"] in ("opened", "evidence") else "close"
        if act == "withdraw" and (found["side"] == "institution") != (
            await _learners_side(connection, caller, found) is None
        ):
            raise Forbidden
        then = _then(found, act)
        await repository.step(connection, found, then.state, traceparent=current_traceparent())
        return await _document(connection, case)

    return await within(database, work)


async def _of_those_who_may_end(connection: Connection, caller: Caller, case: UUID) -> asyncpg.Record:
    """The case, locked, for the learner's side, and for the institution if it opened it."""
    found = await repository.find(connection, case, locked=True)
    side = await _side(connection, caller, found)
    assert found is not None, "it has sides"
    if side == "institution" and found["side"] != "institution":
        raise Forbidden
    return found


def _standing(found: asyncpg.Record) -> Standing:
    return Standing(found["state"], len(found["deciders"]))


def _then(found: asyncpg.Record, act: Act) -> Standing:
    then = after(_standing(found), act)
    if then is None:
        raise CaseDoesNotWait(state=found["state"])
    return then
