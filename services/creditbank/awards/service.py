"""Awards: audited, held, approved by a second person, redeemed; and taken back by two."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.approvals import service as approvals
from services.creditbank.approvals.problems import DecisionNotDue
from services.creditbank.approvals.rules import RULING
from services.creditbank.approvals.service import Holder, within
from services.creditbank.awards import repository
from services.creditbank.awards.problems import ProgrammeNotMet
from services.creditbank.awards.rules import HELD_DAYS, STANDING, facts, of_facts
from services.creditbank.institutions import service as institutions
from services.creditbank.ledger.rules import Part, Place
from services.creditbank.ledger.service import Ledger, find_hold
from services.creditbank.programmes import service as programmes
from services.creditbank.programmes.checking import breaches
from services.creditbank.programmes.explaining import explain_unmet
from services.creditbank.programmes.rules import Allocation, RuleSet
from services.creditbank.rulebook import service as rulebook
from services.creditbank.tables import Connection, Where

of_learner = repository.REQUESTS.of_learner
_document = repository.REQUESTS.document


async def request(
    database: Database,
    ledger: Ledger,
    caller: Caller,
    programme: UUID,
    *,
    only: Collection[int] | None,
    key: str,
) -> bytes:
    """Ask for an award: the credits that meet the programme's rules are set aside for it.

    Sent again under its key it has no second effect. Raises `ProgrammeNotMet`.
    """

    async def make(connection: Connection, holder: Holder, digest: str) -> UUID:
        judged = await programmes.judge(connection, holder, programme, only=programmes.keys(holder, only))
        if not judged.audit.is_met:
            raise ProgrammeNotMet(
                [f"{one.rule} {one.code}".strip() for one in judged.audit.unmet],
                [explain_unmet(judged.rules, one) for one in judged.audit.unmet],
            )
        award = new_id()
        until = datetime.now(UTC) + timedelta(days=HELD_DAYS)
        allocations = judged.audit.allocations
        held = [
            (
                book,
                await ledger.hold(
                    connection,
                    book,
                    judged.rule.scheme,
                    parts,
                    key=f"award {award}",
                    until=until,
                    purpose="award",
                ),
            )
            for book, parts in _by_book(allocations)
        ]
        stored = orjson.dumps(facts(judged.credits, allocations))
        about = judged.rule.institution, judged.rule.id, judged.rule.scheme
        await repository.add(connection, holder.number, award, about, (key, digest, stored), until, holder.id)
        outcomes = {one.key: one.outcome for one in judged.credits}
        await repository.add_lots(
            connection,
            holder.number,
            award,
            allocations,
            [outcomes[one.key] for one in allocations],
            [(book, hold.id) for book, hold in held],
        )
        return award

    content = f"{programme}{sorted(only) if only is not None else None}"
    return await approvals.ask_once(database, caller, repository.REQUESTS, key, content, make)


def _by_book(allocations: Collection[Allocation]) -> list[tuple[int, list[Part]]]:
    """What is taken of each lot, book by book in the order in which books are locked."""
    books: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one in allocations:
        books[one.key[0]][one.key[1]] += one.amount
    return [
        (book, [Part(lot, amount) for lot, amount in sorted(lots.items())])
        for book, lots in sorted(books.items())
    ]


async def read(where: Where, caller: Caller, award: UUID) -> bytes:
    """One award, for its learner and for those who decide at its institution."""
    found = await repository.find(where, award)
    if found is None:
        raise NotFound
    if caller.subject not in found["ids"]:
        await approvals.may_decide(where, found["institution"], caller, RULING)
    return await _document(where, award)


async def withdraw(database: Database, ledger: Ledger, caller: Caller, award: UUID) -> bytes:
    """The learner no longer wants it: the credits are free again."""

    async def work(connection: Connection) -> bytes:
        found = await repository.find(connection, award, locked=True)
        if found is None or caller.subject not in found["ids"]:
            raise NotFound
        _waits(found, "requested")
        await _release(connection, ledger, found)
        await repository.decide(connection, found["learner"], award, "withdrawn", None, None)
        return await _document(connection, award)

    return await within(database, work)


async def decide(
    database: Database, ledger: Ledger, caller: Caller, award: UUID, *, approve: bool, reason: str | None
) -> bytes:
    """Grant or refuse: by somebody of the institution who is not the learner.

    What is granted keeps the rules by another reckoning than the one that chose the credits, or nothing is.
    """

    async def work(connection: Connection) -> bytes:
        found = await _decidable(connection, caller, award, "requested")
        await approvals.refuse_the_same_person(connection, caller, *found["ids"], found["requested_by"])
        learner = found["learner"]
        if not approve:
            await _release(connection, ledger, found)
            await repository.decide(connection, learner, award, "refused", caller.subject, reason)
            return await _document(connection, award)
        await institutions.refuse_unless_registered(connection, found["institution"])
        rules = programmes.rule_set(await rulebook.as_it_was(connection, found["rule"]))
        if broken := breaches(rules, *of_facts(orjson.loads(found["facts"]))):
            raise ProgrammeNotMet(broken)
        for row in await repository.holds(connection, learner, award):
            hold = await find_hold(connection, row["hold"], learner=row["book"])
            assert hold is not None, "it was placed with the award"
            spent = await ledger.capture(connection, hold, key=f"award {award} granted")
            await repository.redeemed(connection, learner, award, hold.learner, spent.place.sequence)
        await repository.decide(connection, learner, award, "certified", caller.subject, reason)
        return await _document(connection, award)

    return await within(database, work)


async def propose_rescission(database: Database, caller: Caller, award: UUID, *, reason: str) -> bytes:
    """Ask that an award be taken back; somebody else has to agree."""

    async def work(connection: Connection) -> bytes:
        await begin_rescission(connection, caller, award, reason=reason)
        return await _document(connection, award)

    return await within(database, work)


async def begin_rescission(connection: Connection, caller: Caller, award: UUID, *, reason: str) -> None:
    """`propose_rescission` as a part of another transaction."""
    found = await _decidable(connection, caller, award, "certified")
    await repository.begin_rescission(connection, found["learner"], award, caller.subject, reason)


async def decide_rescission(
    database: Database, ledger: Ledger, caller: Caller, award: UUID, *, approve: bool
) -> bytes:
    """Take the award back, or let it stand: by somebody else than who asked for it."""

    async def work(connection: Connection) -> bytes:
        found = await _decidable(connection, caller, award, "rescinding")
        await approvals.refuse_the_same_person(connection, caller, *found["ids"], found["rescission_by"])
        if approve:
            await institutions.refuse_unless_registered_or_above(connection, found["institution"], caller)
            for hold in await repository.holds(connection, found["learner"], award):
                await ledger.rescind(
                    connection,
                    Place(hold["book"], found["scheme"], hold["redemption"]),
                    key=f"award {award} rescinded",
                )
        state = "rescinded" if approve else "certified"
        await repository.end_rescission(connection, found["learner"], award, state, caller.subject)
        return await _document(connection, award)

    return await within(database, work)


async def first_breach(connection: Connection) -> str | None:
    """The keys, as JSON, of the first award that stands and breaks the rules it was granted by."""
    rules: dict[UUID, RuleSet] = {}
    async for row in repository.granted(connection, STANDING):
        if row["rule"] not in rules:
            rules[row["rule"]] = programmes.rules_of(row["document"])
        credits_seen, allocations = of_facts(orjson.loads(row["facts"]))
        outcomes = {one.key: one.outcome for one in credits_seen}
        lots = zip(
            row["books"], row["numbers"], row["requirements"], row["amounts"], row["outcomes"], strict=True
        )
        if breaches(rules[row["rule"]], credits_seen, allocations) or sorted(lots) != sorted(
            (*one.key, one.requirement, one.amount, outcomes[one.key]) for one in allocations
        ):
            return f'{{"learner":{row["learner"]},"award":"{row["id"]}"}}'
    return None


async def _decidable(connection: Connection, caller: Caller, award: UUID, state: str) -> asyncpg.Record:
    """The award, locked, if the caller may decide at its institution and it is in that state."""
    found = await repository.find(connection, award, locked=True)
    if found is None:
        raise NotFound
    await approvals.may_decide(connection, found["institution"], caller, RULING)
    _waits(found, state)
    return found


def _waits(found: asyncpg.Record, state: str) -> None:
    now = "lapsed" if found["state"] == "requested" and found["is_late"] else found["state"]
    if now != state:
        raise DecisionNotDue(state=now)


async def _release(connection: Connection, ledger: Ledger, found: asyncpg.Record) -> None:
    for row in await repository.holds(connection, found["learner"], found["id"]):
        hold = await find_hold(connection, row["hold"], learner=row["book"])
        assert hold is not None, "it was placed with the award"
        await ledger.release(connection, hold)
