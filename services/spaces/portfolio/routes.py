"""Reading a portfolio."""

from typing import Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response

from libs.common.database import database_of
from services.spaces.answers import json_answer
from services.spaces.callers import Reader
from services.spaces.lives import service as lives
from services.spaces.people.problems import NotYetKnown, PersonNotFound
from services.spaces.portfolio import repository
from services.spaces.portfolio.schemas import Portfolio
from services.spaces.sources import sources_of

router: Final = APIRouter(tags=["portfolio"])


@router.get("/v1/portfolio", response_model=Portfolio, summary="My portfolio")
async def read_my_portfolio(caller: Reader, request: Request) -> Response:
    """Profile, roles, open classes with their teachers, newest posts, and credits by institution."""
    found = await _portfolio(request, caller, caller)
    if found is None:
        raise NotYetKnown
    return _with_sources(found, request)


@router.get("/v1/people/{person}/portfolio", response_model=Portfolio, summary="My child's portfolio")
async def read_portfolio(caller: Reader, person: UUID, request: Request) -> Response:
    """The same of a child whose guardian the caller is, or of the caller."""
    found = await _portfolio(request, person, caller)
    if found is None:
        raise PersonNotFound
    return _with_sources(found, request)


async def _portfolio(request: Request, person: UUID, caller: UUID) -> bytes | None:
    pool = database_of(request).pool
    found = await repository.portfolio(pool, person, caller)
    if found is None and (present := await lives.after_merges(pool, person, caller)):
        found = await repository.portfolio(pool, *present)
    return found


def _with_sources(portfolio: bytes, request: Request) -> Response:
    """The object PostgreSQL built, with one member more."""
    sources = orjson.dumps(sources_of(request))
    return json_answer(portfolio[:-1] + b', "sources":' + sources + b"}")
