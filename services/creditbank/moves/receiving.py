"""Moves to this node: a document that proves itself is taken in, once."""

from uuid import UUID

import orjson

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.approvals.service import within
from services.creditbank.learners import service as learners
from services.creditbank.learners.keys import KeyRing
from services.creditbank.moves import repository
from services.creditbank.moves.documents import MoveDocument, Statement, prove
from services.creditbank.moves.problems import MoveNotDueYet
from services.creditbank.moves.receipts import Receipt
from services.creditbank.moves.rules import ATTEMPT_STANDS, LEARNER_ERASED
from services.creditbank.settings import Neighbour
from services.creditbank.tables import Connection


async def receive(
    database: Database, keys: KeyRing, own: str, sender: Neighbour, document: MoveDocument
) -> Receipt:
    """Take a move in, or say for ever that it is not; sent again it answers the same.

    Raises MoveDocumentBroken, and MoveNotDueYet while learner or scheme are not known here.
    """
    statement = prove(document, sender, own)
    evidence = orjson.dumps(document.model_dump())

    async def work(connection: Connection) -> Receipt:
        # The same document may come several times at once; making accounts locks what the books lock later.
        await repository.lock_arrival(connection, statement.id, sender.name)
        answer = await _apply(connection, keys, sender.name, statement, document.statement, evidence)
        if answer not in ("applied", "refused"):
            answer = await repository.refuse(connection, statement.id, sender.name, answer)
        return await _receipt(connection, statement.id, sender.name, answer)

    return await within(database, work)


async def refuse(database: Database, sender: Neighbour, move: UUID, why: str) -> Receipt:
    """Never take a move in, unless that happened already: then the receipt says so."""

    async def work(connection: Connection) -> Receipt:
        answer = await repository.refuse(connection, move, sender.name, why)
        return await _receipt(connection, move, sender.name, answer)

    return await within(database, work)


async def _receipt(connection: Connection, move: UUID, origin: str, answer: str) -> Receipt:
    if answer == "applied":
        return Receipt(move=move, state="applied", reason=None)
    return Receipt(
        move=move, state="refused", reason=await repository.why_refused(connection, move, origin) or answer
    )


async def _apply(
    connection: Connection, keys: KeyRing, origin: str, statement: Statement, told: str, evidence: bytes
) -> str:
    """What the books answer; a reason other than `applied` and `refused` is one for ever."""
    people = {book.learner for book in statement.books} | {statement.learner}
    if await repository.are_erased(connection, people):
        return LEARNER_ERASED
    numbers = await repository.numbers(connection, people)
    schemes = await repository.schemes(connection, {book.scheme for book in statement.books})
    if people - numbers.keys():
        raise MoveNotDueYet(reason="learner_unknown")
    if any(book.scheme not in schemes for book in statement.books):
        raise MoveNotDueYet(reason="scheme_unknown")
    books = [(numbers[book.learner], schemes[book.scheme]) for book in statement.books]
    wrapped = await learners.ensure_accounts(
        connection, keys, [learner for learner, _ in books], [scheme for _, scheme in books]
    )
    holders = [learner for (learner, _), book in zip(books, statement.books, strict=True) for _ in book.lots]
    entries = [new_id() for _ in holders]
    answer = await repository.arrive(
        connection,
        statement.id,
        origin=origin,
        statement=told,
        evidence=evidence,
        learner=numbers[statement.learner],
        books=books,
        entries=entries,
        salts=[
            keys.salt(learner, wrapped[learner], entry)
            for learner, entry in zip(holders, entries, strict=True)
        ],
    )
    if answer not in ("applied", "refused", ATTEMPT_STANDS):
        raise MoveNotDueYet(reason=answer)
    return answer
