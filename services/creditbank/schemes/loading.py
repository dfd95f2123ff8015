"""Puts schemes of a file into the bank: the operator's act, as the role that serves requests."""

from pathlib import Path
from typing import Final

import orjson
from pydantic import ValidationError

from libs.common.database import Database
from services.creditbank.ledger.rules import hundredths
from services.creditbank.schemes import repository
from services.creditbank.schemes.documents import FILE, SchemeDocument
from services.creditbank.settings import CreditbankSettings
from services.creditbank.tables import Connection

EXAMPLES: Final = Path(__file__).with_name("examples.json")


class SchemesRefused(Exception):
    """Why nothing was loaded."""


def read(path: Path) -> list[SchemeDocument]:
    """The schemes of a JSON file; raises SchemesRefused."""
    try:
        documents = FILE.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise SchemesRefused(f"{path}: {error}") from None
    if len({one.code for one in documents}) < len(documents):
        raise SchemesRefused(f"{path}: a scheme is named twice")
    return documents


async def load(settings: CreditbankSettings, documents: list[SchemeDocument]) -> list[str]:
    """Load all of the schemes, or none; returns the codes of those that were new or changed.

    What a credit is worth and how long it lasts is not changed under credits that were issued: these terms of
    a scheme stand once it is loaded, names and levels may change, grading scales get further versions.
    """
    database = Database(settings.database, name="creditbank schemes")
    connection = await database.connect()
    try:
        async with connection.transaction():
            await repository.hold_still(connection)
            return [one.code for one in documents if await _load(connection, one)]
    finally:
        await connection.close()


async def _load(connection: Connection, document: SchemeDocument) -> bool:
    terms = (
        None if document.hours_per_credit is None else hundredths(document.hours_per_credit),
        None if document.credits_per_year is None else hundredths(document.credits_per_year),
        document.rounding,
        document.valid_months,
    )
    names = (
        document.title.en,
        document.title.zh,
        document.unit.en,
        document.unit.zh,
        document.level_framework,
        document.levels,
    )
    known = await repository.terms(connection, document.code)
    if known is not None and known != terms:
        raise SchemesRefused(
            f"{document.code}: hours, credits a year, rounding and validity stand since it was loaded; "
            "give the scheme another code"
        )
    changed = await repository.put(connection, document.code, names, terms)
    for scale in document.grading_scales:
        grades = orjson.dumps([one.model_dump(exclude_none=True) for one in scale.grades])
        answer = await repository.add_scale(
            connection, document.code, scale.code, scale.version, scale.title.en, scale.title.zh, grades
        )
        if answer == "other":
            raise SchemesRefused(
                f"{document.code}: version {scale.version} of {scale.code} is another already; add a version"
            )
        changed = changed or answer == "new"
    return changed
