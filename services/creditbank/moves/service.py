"""Moves out of this node: begun in one transaction, ended by what the other node answers.

Between the two nothing can be spent anywhere: here the credits are gone, there they are not yet. Whatever is
cut off is done again under the move's id, and has no second effect.
"""

import os
from collections.abc import Sequence
from hashlib import sha256
from typing import Final
from uuid import UUID

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import IdempotencyConflict, NotFound
from services.creditbank.approvals import service as approvals
from services.creditbank.approvals.service import within
from services.creditbank.freezes import service as freezes
from services.creditbank.learners import service as learners
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log.problems import NotInTheLogYet
from services.creditbank.log.service import LogReader
from services.creditbank.moves import repository
from services.creditbank.moves.documents import MoveDocument, OpenedEntry
from services.creditbank.moves.problems import BY_REASON, MoveOver, NodeUnknown
from services.creditbank.moves.rules import MOVING
from services.creditbank.settings import CreditbankSettings
from services.creditbank.statements import service as statements
from services.creditbank.tables import Connection, Pool, Where

page = repository.page
shown = repository.shown
transit = repository.transit
_SALT_BYTES: Final = 32
_AGAIN: Final = "books_changed"
_TIMES: Final = 10


async def books(pool: Pool, caller: Caller, learner: UUID | None) -> tuple[int, ...]:
    """The books of the caller, or of a learner the caller is a guardian of or in charge of.

    Raises NotFound for others', ConsentNeeded for a guardian without consent.
    """
    if learner is None or learner == caller.subject:
        return await approvals.books(pool, caller.subject)
    if await freezes.in_charge(pool, learner, person=caller.subject, roles=MOVING) is None:
        await statements.may_read(pool, caller, learner)
    return await approvals.books(pool, learner)


async def begin(
    database: Database,
    keys: KeyRing,
    settings: CreditbankSettings,
    caller: Caller,
    *,
    to: str,
    key: str,
    learner: UUID | None,
) -> tuple[UUID, tuple[int, ...]]:
    """Let a learner's credits leave for another node. Under the same key it happens once.

    By the learner, a guardian with consent, or an administrator of where the learner has a role. Answers the
    move and the books.
    """
    if settings.neighbour(to) is None:
        raise NodeUnknown
    await books(database.pool, caller, learner)
    holder = await approvals.holder(database.pool, learner or caller.subject)
    move = UUID(bytes=sha256(f"{holder.id} {key}".encode()).digest()[:16], version=5)

    async def work(connection: Connection) -> str | None:
        known = await repository.departure(connection, move)
        if known is not None:
            if known["destination"] != to:
                raise IdempotencyConflict
            return None
        holder.require_consent(caller.subject)
        accounts = await repository.parting(connection, holder.number)
        entries = [new_id() for _ in accounts]
        return await repository.depart(
            connection,
            holder.number,
            move,
            origin=settings.node,
            destination=to,
            by=caller.subject,
            accounts=accounts,
            entries=entries,
            salts=await salts(connection, keys, accounts, entries),
        )

    refusal: str | None = _AGAIN
    for _ in range(_TIMES):  # credits may come in between reading and locking
        refusal = await within(database, work)
        if refusal != _AGAIN:
            break
    if refusal is not None:
        raise BY_REASON.get(refusal, BY_REASON["move_under_way"])
    return move, holder.books


async def salts(
    where: Where, keys: KeyRing, accounts: Sequence[tuple[int, int]], entries: Sequence[UUID]
) -> list[bytes]:
    """A salt for each entry. Of the erased nobody can open a commitment: theirs is forgotten at once."""
    wrapped = await learners.wrapped_keys(where, sorted({learner for learner, _ in accounts}))
    return [
        keys.salt(learner, wrapped[learner], entry) if learner in wrapped else os.urandom(_SALT_BYTES)
        for (learner, _), entry in zip(accounts, entries, strict=True)
    ]


async def read(pool: Pool, caller: Caller, move: UUID) -> bytes:
    """One move as JSON, for its learner and for who is in charge of them; raises NotFound."""
    found = await repository.shown(pool, await _books_of(pool, caller, move), move)
    if found is None:
        raise NotFound
    return found


async def _books_of(pool: Pool, caller: Caller, move: UUID) -> tuple[int, ...]:
    """The caller's own books, if the move is of one; else those of the learner the caller is in charge of."""
    row = await repository.departure(pool, move) or await repository.arrival(pool, move)
    if row is None:
        raise NotFound
    own = await approvals.books(pool, caller.subject)
    if row["learner"] in own:
        return own
    person = await learners.person_of(pool, row["learner"])
    if person is None:
        raise NotFound
    return await books(pool, caller, person)


async def withdraw(pool: Pool, caller: Caller, move: UUID) -> bytes:
    """Want the credits back. They return once the other node has said that it will never take them in."""
    of = await _books_of(pool, caller, move)
    if not await repository.withdraw(pool, move):
        raise MoveOver
    found = await repository.shown(pool, of, move)
    assert found is not None, "it was found before"
    return found


async def own_document(
    pool: Pool, reader: LogReader, keys: KeyRing, caller: Caller, move: UUID
) -> MoveDocument:
    """The document of one of the caller's own moves, out or in."""
    own = await approvals.books(pool, caller.subject)
    came = await repository.arrival(pool, move)
    if came is not None and came["learner"] in own and came["statement"] is not None:
        return MoveDocument.model_validate_json(came["evidence"])
    went = await repository.departure(pool, move)
    if went is None or went["learner"] not in own or went["statement"] is None:
        raise NotFound
    return await document(pool, reader, keys, move)


async def document(where: Where, reader: LogReader, keys: KeyRing, move: UUID) -> MoveDocument:
    """What the other node is told of a move; raises NotInTheLogYet until the log has its entries."""
    row = await repository.departure(where, move)
    if row is None or row["statement"] is None:
        raise NotFound
    opened = []
    for entry in await repository.openings(where, move):
        if entry["wrapped"] is None:
            raise NotFound
        proof = None if entry["leaf"] is None else await reader.proof_text(entry["log"], entry["leaf"])
        if proof is None:
            raise NotInTheLogYet
        salt = keys.salt(entry["learner"], entry["wrapped"], entry["id"]).hex()
        opened.append(OpenedEntry(document=entry["document"], salt=salt, proof=proof))
    return MoveDocument(statement=row["statement"], entries=opened)
