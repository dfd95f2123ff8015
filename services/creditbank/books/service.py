"""The audit: proves on live data, in one snapshot, that the books hold, or names the first broken row.

A further invariant is a further `Check`; what SQL cannot prove is a function beside `_broken_commitment`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag

from libs.common.database import Database
from services.creditbank.awards import service as awards
from services.creditbank.books import repository
from services.creditbank.books.checks import CHECKS
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import commitment
from services.creditbank.settings import CreditbankSettings
from services.creditbank.tables import Connection

_PROGRESS_EVERY = 100_000


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold, and the first row that shows it, as JSON of its keys."""

    invariant: int
    statement: str
    row: str


async def audit_database(settings: CreditbankSettings, tell: Callable[[str], None]) -> list[Finding]:
    """The audit as a command: on a connection of its own, telling what it proves."""
    database = Database(settings.database, name="creditbank audit")
    connection = await database.connect()
    try:
        return await audit(connection, KeyRing(settings.key_encryption_key.get_secret_value()), tell)
    finally:
        await connection.close()


async def audit(
    connection: Connection, keys: KeyRing, tell: Callable[[str], None] = lambda _line: None
) -> list[Finding]:
    """Every check on one snapshot; an empty list when the books hold. Writers are not held up."""
    findings = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for check in CHECKS:
            row = await repository.first_broken(connection, check)
            tell(f"{check.invariant:>3}  {check.statement}: {'holds' if row is None else 'BROKEN at ' + row}")
            if row is not None:
                findings.append(Finding(check.invariant, check.statement, row))
        if doubled := await repository.count_doubled(connection):
            # Each was right when it was posted; their institutions have to say which counts.
            tell(f"     {doubled} attempts stand in two books of one merged learner")
        statement = "every award that stands keeps the rules it was granted by"
        row = await awards.first_breach(connection)
        tell(f" 13  {statement}: {'holds' if row is None else 'BROKEN at ' + row}")
        if row is not None:
            findings.append(Finding(13, statement, row))
        statement = "every commitment follows from its entry, its salt and the entry before"
        row = await _broken_commitment(connection, keys, tell)
        tell(f" 18  {statement}: {'holds' if row is None else 'BROKEN at ' + row}")
        if row is not None:
            findings.append(Finding(18, statement, row))
    return findings


async def _broken_commitment(
    connection: Connection, keys: KeyRing, tell: Callable[[str], None]
) -> str | None:
    """The first entry whose commitment is not that of its rows. Erased learners' can no longer be opened."""
    total = await repository.count_entries(connection)
    checked = erased = 0
    async for row in repository.entries(connection):
        place = f'{{"learner":{row["learner"]},"scheme":{row["scheme"]},"sequence":{row["sequence"]}}}'
        if row["document"] is None:
            return place
        if row["wrapped"] is None:
            erased += 1
        else:
            try:
                salt = keys.salt(row["learner"], row["wrapped"], row["id"])
            except InvalidTag:
                return place
            if commitment(salt, row["document"]) != row["commitment"]:
                return place
        checked += 1
        if checked % _PROGRESS_EVERY == 0:
            tell(f"     {checked} of {total} entries, {erased} of them erased")
    return None
