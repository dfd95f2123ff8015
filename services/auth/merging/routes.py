"""Merging two records of one person over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Header, Response

from libs.common.database import DatabaseOf, Reading
from libs.common.languages import preferred
from services.auth.callers import Manager
from services.auth.merging import service
from services.auth.merging.schemas import Difference, Merger, MergerPreview, Moves, Obstacle
from services.auth.merging.texts import CONFLICTS

router: Final = APIRouter(prefix="/v1/people/{person}/mergers", tags=["merging"])


@router.get("/{other}", response_model=MergerPreview, summary="What a merge would do")
async def preview_merger(
    person: UUID,
    other: UUID,
    session: Reading,
    actor: Manager,
    response: Response,
    accept_language: Annotated[str | None, Header()] = None,
) -> MergerPreview:
    """For administrators in charge of every place of both records. Nothing is changed."""
    plan = await service.preview(session, actor, survivor=person, other=other)
    language = preferred(accept_language)
    response.headers.update({"Cache-Control": "no-store", "Content-Language": language})
    kept, gone = plan.survivor, plan.other
    stays, goes = (gone, kept) if plan.account == "other" else (kept, gone)
    return MergerPreview(
        survivor=kept.id,
        other=gone.id,
        conflicts=[
            Obstacle(code=code, explanation=CONFLICTS[code].in_language(language)) for code in plan.conflicts
        ],
        account=plan.account,
        username=stays.username,
        released=goes.username,
        filled=list(plan.filled),
        differing=[
            Difference(field=name, survivor=getattr(kept, name), other=getattr(gone, name))
            for name in plan.differing
        ],
        moves=Moves(**{name: getattr(gone, name) for name in Moves.model_fields}),
    )


@router.post("", status_code=204, summary="Merge another record into this one")
async def merge(person: UUID, body: Merger, database: DatabaseOf, actor: Manager) -> None:
    """Two records are of one person: this one stays, the other becomes an old id of it. There is no way back.

    Roles, enrolments, guardians, children and names in rosters become this record's. The other's sessions and
    tokens end; one account stays. As long as the preview names conflicts it is refused.
    """
    await service.merge(database, actor, survivor=person, other=body.other)
