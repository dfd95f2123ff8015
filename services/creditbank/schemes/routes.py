"""The schemes credits are counted in."""

from collections.abc import Mapping
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import APIRouter, Header, Response

from libs.common.database import DatabaseOf
from libs.common.languages import Language, Text, preferred
from services.creditbank.callers import Reader
from services.creditbank.ledger.rules import credits_text
from services.creditbank.schemes import repository
from services.creditbank.schemes.schemas import GradingScaleAnswer, SchemeAnswer, Schemes

router = APIRouter(tags=["schemes"])


@router.get("/v1/schemes", summary="Kinds of credit")
async def read_schemes(
    database: DatabaseOf,
    _caller: Reader,
    response: Response,
    accept_language: Annotated[str | None, Header()] = None,
) -> Schemes:
    """Every scheme with its grading scales; names are in the language asked for."""
    language = preferred(accept_language)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return Schemes(items=[_scheme(row, language) for row in await repository.every(database.pool)])


def _scheme(row: asyncpg.Record, language: Language) -> SchemeAnswer:
    def words(of: Mapping[str, Any] | asyncpg.Record, name: str) -> str:
        return Text(of[f"{name}_en"], of[f"{name}_zh"]).in_language(language)

    def amount(name: str) -> str | None:
        return None if row[name] is None else credits_text(row[name])

    return SchemeAnswer(
        code=row["code"],
        title=words(row, "title"),
        decimals=row["decimals"],
        unit=words(row, "unit"),
        hours_per_credit=amount("hours_per_credit"),
        credits_per_year=amount("credits_per_year"),
        rounding=row["rounding"],
        valid_months=row["valid_months"],
        level_framework=row["level_framework"],
        levels=row["levels"],
        grading_scales=[
            GradingScaleAnswer(
                code=one["code"], version=one["version"], title=words(one, "title"), grades=one["grades"]
            )
            for one in orjson.loads(row["scales"])
        ],
    )
