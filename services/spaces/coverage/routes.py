"""Coverage: does everybody, and every class, have a space?"""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request

from libs.common.database import DatabaseOf
from services.spaces.callers import Observer
from services.spaces.coverage import repository
from services.spaces.coverage.problems import FiguresNotShown, OrganisationNotFound
from services.spaces.coverage.schemas import Coverage
from services.spaces.lives import service as lives
from services.spaces.sources import sources_of

router: Final = APIRouter(tags=["coverage"])
_OVERSEERS: Final = ("administrator", "registrar", "auditor")


@router.get("/v1/coverage", summary="Who and what has a space")
async def read_coverage(
    database: DatabaseOf,
    caller: Observer,
    request: Request,
    organisation: Annotated[UUID, Query(description="with everything beneath it")],
) -> Coverage:
    """Counts for those who oversee the organisation, and for clients of it or of one above it.

    Everybody gets a space together with the news of them, so after an import these numbers grow to those
    of the roster; `sources.auth` says up to when the news has arrived.
    """
    pool, client_of = database.pool, caller.organisation
    standing = await repository.standing(pool, organisation, caller.subject, client_of, _OVERSEERS)
    if standing is not None and not standing["belongs"] and not standing["may_look"]:
        for person in await lives.after_merges(pool, caller.subject) or ():
            standing = await repository.standing(pool, organisation, person, client_of, _OVERSEERS)
    if standing is None or not (standing["may_look"] or standing["belongs"]):
        raise OrganisationNotFound
    if not standing["may_look"]:
        raise FiguresNotShown
    row = await repository.coverage(database.pool, organisation)
    found = {"organisation": organisation, **dict(row), "sources": sources_of(request)}
    return Coverage.model_validate(found)
