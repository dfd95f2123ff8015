"""The document of a move: what one bank node states, and the proofs by which another believes it.

The statement is canonical JSON (RFC 8785). Each book's credits left by an entry that commits to its SHA-256;
the entry is opened beside it, with the proof that it stands in the public log of the node.
"""

import json
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from libs.common.fields import Key
from services.creditbank.ledger.rules import commitment
from services.creditbank.log.proving import check_proof
from services.creditbank.log.verifying import Broken
from services.creditbank.moves.problems import MoveDocumentBroken
from services.creditbank.moves.rules import FORMAT
from services.creditbank.settings import Neighbour

Amount = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,6})\.[0-9]{2}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_NOTHING = "0.00"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MovingLot(_Strict):
    """Credits that move: so much of a lot, and how much of it was used before."""

    amount: Amount
    attempt: Key | None
    earned_on: date
    expires_on: date | None
    grade: Key | None
    issuer: UUID
    key: UUID
    lot: Annotated[int, Field(strict=True, gt=0, lt=2**31)]
    outcome: UUID
    payload: UUID
    used: Amount


class MovingBook(_Strict):
    """One account as it is closed: the head of its chain, and what leaves it by `entry`."""

    entry: UUID | None
    head: Digest | None
    learner: UUID
    lots: list[MovingLot]
    scheme: Key
    sequence: Annotated[int, Field(strict=True, ge=0, lt=2**31)]


class StayingLot(_Strict):
    """What became of a lot at `node`, where it stays: the learner's history."""

    attempt: Key | None
    converted: Amount
    earned_on: date
    entry: UUID
    expired: Amount
    expires_on: date | None
    grade: Key | None
    issued: Amount
    issuer: UUID
    key: UUID
    learner: UUID
    lot: Annotated[int, Field(strict=True, gt=0, lt=2**31)]
    node: Key
    outcome: UUID
    payload: UUID
    redeemed: Amount
    revoked: Amount
    scheme: Key


class Statement(_Strict):
    """All a node says of a learner who moves."""

    books: list[MovingBook]
    follows: Annotated[bool, Field(strict=True)]
    format: Literal["xuebu creditbank move 1"] = FORMAT
    origin: Annotated[Key, Field(alias="from")]
    history: list[StayingLot]
    id: UUID
    learner: UUID
    made_at: datetime
    to: Key

    @model_validator(mode="after")
    def whole(self) -> "Statement":
        """No book twice, no lot twice, nothing of nothing; whatever moves has an entry."""
        places = [(book.learner, book.scheme) for book in self.books]
        lots = [
            (*place, lot.lot) for place, book in zip(places, self.books, strict=True) for lot in book.lots
        ]
        if not lots or len(set(places)) != len(places) or len(set(lots)) != len(lots):
            raise ValueError("a book or a lot is named twice, or nothing moves")
        for book in self.books:
            if (book.entry is None) != (not book.lots) or any(lot.amount == _NOTHING for lot in book.lots):
                raise ValueError("a book says that credits move and that none do")
        return self


class OpenedEntry(_Strict):
    """An entry of the move, its salt and a C2SP tlog-proof of its commitment."""

    document: Annotated[str, Field(max_length=4 * 1024 * 1024)]
    salt: Digest
    proof: Annotated[str, Field(max_length=64 * 1024)]


class MoveDocument(_Strict):
    """What one node hands to another, over HTTP or as a file."""

    statement: Annotated[str, Field(description="canonical JSON (RFC 8785), byte for byte")]
    entries: Annotated[list[OpenedEntry], Field(min_length=1, max_length=1_000)]


def prove(document: MoveDocument, sender: Neighbour, own: str) -> Statement:
    """The statement of a document of `sender` for the node `own`; raises MoveDocumentBroken."""
    try:
        content = json.loads(document.statement)
        if _canonical(content) != document.statement:
            raise Broken("the statement is not canonical JSON")
        statement = Statement.model_validate(content)
        if (statement.origin, statement.to) != (sender.name, own):
            raise Broken(f"it is not from {sender.name} to {own}")
        digest = sha256(document.statement.encode()).hexdigest()
        opened = {}
        for one in document.entries:
            entry = _proved(one, sender)
            opened[entry.get("id")] = entry
        leaving = [book for book in statement.books if book.entry is not None]
        if len(opened) != len(leaving) or len(document.entries) != len(leaving):
            raise Broken("there is not one entry for each book")
        for book in leaving:
            entry = opened.get(str(book.entry), {})
            if any(entry.get(name) != value for name, value in _expected(statement, book, digest).items()):
                raise Broken(f"entry {book.entry} does not say what the statement says")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise MoveDocumentBroken(reason=f"{place}: {first['msg']}") from None
    except (Broken, ValueError, RecursionError) as error:
        raise MoveDocumentBroken(reason=str(error)) from None
    return statement


def _proved(one: OpenedEntry, sender: Neighbour) -> dict[str, Any]:
    """What an entry says that stands in the sender's log."""
    data = commitment(bytes.fromhex(one.salt), one.document)
    check_proof(one.proof, data, sender.verifiers)
    entry = json.loads(one.document)
    if not isinstance(entry, dict):
        raise Broken("an entry is no object")
    return entry


def _expected(statement: Statement, book: MovingBook, digest: str) -> dict[str, Any]:
    return {
        "kind": "departure",
        "batch": str(statement.id),
        "learner": str(book.learner),
        "scheme": book.scheme,
        "sequence": book.sequence + 1,
        "prev": book.head,
        "move": {"statement": digest, "to": statement.to},
        "postings": [
            posting
            for lot in book.lots
            for posting in ([f"-{lot.amount}", "available", lot.lot], [lot.amount, "moved", lot.lot])
        ],
    }


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
