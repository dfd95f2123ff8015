"""Conversion of a learner's credits by a rule in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from libs.common.database import Database
from libs.common.problems import IdempotencyConflict
from services.creditbank.approvals import service as approvals
from services.creditbank.approvals.service import Holder, within
from services.creditbank.conversions import repository
from services.creditbank.conversions.documents import ConversionDocument
from services.creditbank.conversions.problems import ConversionCapReached, NotConvertible, NothingIssued
from services.creditbank.conversions.rules import Converted, Terms, convert, refusal
from services.creditbank.ledger import rules as ledger_rules
from services.creditbank.ledger.rules import Part, credits_text
from services.creditbank.ledger.service import Ledger
from services.creditbank.programmes.problems import LotUnknown
from services.creditbank.rulebook import service as rulebook
from services.creditbank.rulebook.service import Rule
from services.creditbank.tables import Connection, Where


@dataclass(frozen=True, slots=True)
class Quote:
    """What parts would become. All are of one book."""

    rule: Rule
    terms: Terms
    book: int
    parts: tuple[Part, ...]
    made: Converted


async def quote(where: Where, holder: Holder, rule_id: UUID, parts: Sequence[Part]) -> Quote:
    """Judge the parts by the rule, and say what they would become; raises why not."""
    rule = await rulebook.in_force(where, rule_id, "conversion")
    terms = ConversionDocument.model_validate_json(rule.document).terms()
    rows = await repository.lots(
        where, holder.books, rule.scheme, [one.lot for one in parts], institution=rule.institution
    )
    book = _book(holder, rows, parts)
    by_number = {row["number"]: row for row in rows if row["learner"] == book}
    today = datetime.now(UTC).date()
    refused = {}
    for part in parts:
        row = by_number[part.lot]
        reason = (
            "not_below_the_rule"
            if not row["covered"]
            else refusal(
                terms,
                issuer=row["issuer"],
                outcome=row["outcome"],
                grade=row["grade"],
                earned_on=row["earned_on"],
                today=today,
            )
        )
        if reason:
            refused[part.lot] = reason
    if refused:
        raise NotConvertible(refused)
    made = convert(terms, [part.amount for part in parts])
    if terms.most is not None:
        used = await repository.used(where, holder.books, rule.id)
        if used + made.taken > terms.most:
            raise ConversionCapReached(most=credits_text(terms.most), used=credits_text(used))
    if not sum(made.issued):
        raise NothingIssued
    return Quote(rule, terms, book, tuple(parts), made)


def _book(holder: Holder, rows: Sequence[asyncpg.Record], parts: Sequence[Part]) -> int:
    """The first of the learner's books, the own before all, that has all these parts free."""
    for book in sorted(holder.books, key=lambda one: one != holder.number):
        free = {row["number"]: row["available"] for row in rows if row["learner"] == book}
        if all(free.get(part.lot, 0) >= part.amount for part in parts):
            return book
    raise LotUnknown(lots=", ".join(str(part.lot) for part in parts))


async def carry_out(
    database: Database, ledger: Ledger, person: UUID, rule_id: UUID, parts: Sequence[Part], *, key: str
) -> bytes:
    """Convert. Sent again under its key it has no second effect and answers the same."""

    async def work(connection: Connection) -> bytes:
        holder = await approvals.holder(connection, person)
        await repository.alone(connection, holder.number)
        known = await repository.known(connection, holder.books, ledger_rules.key_digest(_key(key)))
        if known is not None:
            if (known.rule, known.parts) != (rule_id, {part.lot: part.amount for part in parts}):
                raise IdempotencyConflict
            return await repository.document(connection, known.place)
        holder.require_consent(person)
        asked = await quote(connection, holder, rule_id, parts)
        assert asked.rule.target is not None, "a conversion has a target"
        done = await ledger.convert(
            connection,
            asked.book,
            asked.rule.scheme,
            asked.parts,
            to_scheme=asked.rule.target,
            issued=asked.made.issued,
            rounding=asked.made.remainder,
            rule=ledger_rules.Terms(asked.rule.id, asked.terms.numerator, asked.terms.denominator),
            key=_key(key),
        )
        return await repository.document(connection, done.place)

    return await within(database, work)


def _key(key: str) -> str:
    return f"conversion {key}"
