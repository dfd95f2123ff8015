"""The schemes credits are counted in."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from libs.common.database import Reading
from libs.common.languages import Text, preferred
from services.creditbank.callers import Reader
from services.creditbank.schemes import repository
from services.creditbank.schemes.schemas import SchemeAnswer, Schemes

router = APIRouter(tags=["schemes"])


@router.get("/v1/schemes", summary="Kinds of credit")
async def read_schemes(
    session: Reading,
    _caller: Reader,
    response: Response,
    accept_language: Annotated[str | None, Header()] = None,
) -> Schemes:
    """Every scheme, its title in the language asked for."""
    language = preferred(accept_language)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    schemes = await repository.every(session)
    return Schemes(
        items=[
            SchemeAnswer(
                code=scheme.code,
                title=Text(scheme.title_en, scheme.title_zh).in_language(language),
                decimals=scheme.decimals,
            )
            for scheme in schemes
        ]
    )
