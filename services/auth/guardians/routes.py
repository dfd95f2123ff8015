"""Guardians and consent over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Header, Response

from libs.common.database import DatabaseOf, Reading, Writing
from libs.common.languages import preferred
from libs.common.paging import Page, PagingOf
from services.auth.answers import page_answer
from services.auth.callers import AccountHolder, AccountHolderInPerson, Manager
from services.auth.guardians import service, texts
from services.auth.guardians.schemas import (
    Child,
    Children,
    ConsentRecord,
    ConsentText,
    ConsentWish,
    OwnDecision,
)
from services.auth.sql import Row

router: Final = APIRouter(prefix="/v1", tags=["guardians"])
_NEWEST: Final = 2**63 - 1


def _child(row: Row) -> Child:
    mine = OwnDecision(**{name: row[name] for name in OwnDecision.model_fields}) if row["decision"] else None
    return Child(**{name: row[name] for name in Child.model_fields if name != "mine"}, mine=mine)


@router.get("/me/children", response_model=Children, summary="One's children and the consent for them")
async def list_children(
    session: Reading,
    actor: AccountHolder,
    response: Response,
    accept_language: Annotated[str | None, Header()] = None,
) -> Children:
    """Those whose guardian the caller is now, by name, with the text of the consent."""
    assert actor.id is not None
    language = preferred(accept_language)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = language
    text = ConsentText(
        version=texts.VERSION,
        title=texts.TITLE.in_language(language),
        body=texts.BODY.in_language(language),
    )
    rows = await service.children_of(session, actor.id)
    return Children(text=text, items=[_child(row) for row in rows])


@router.put("/me/children/{child}/consent", response_model=Child, summary="Give, refuse or withdraw consent")
async def decide_for_child(
    child: UUID, body: ConsentWish, session: Writing, actor: AccountHolderInPerson, response: Response
) -> Child:
    """As a guardian of a child under 14, or of a pupil whose age nobody told.

    Recorded are who, when and about which text. Where guardians disagree, the objection counts.
    """
    assert actor.id is not None
    await service.decide(session, actor, child, body.decision, text_version=body.text_version)
    response.headers["Cache-Control"] = "no-store"
    return _child(await service.child_of(session, actor.id, child))


@router.delete("/me/children/{child}", status_code=204, summary="Be this child's guardian no longer")
async def leave_child(child: UUID, session: Writing, actor: AccountHolderInPerson) -> None:
    """For good: no roster links the two again. What the caller consented to counts no more."""
    await service.leave(session, actor, child)


@router.delete("/me/guardians/{guardian}", status_code=204, summary="Part with a guardian")
async def part_with_guardian(guardian: UUID, session: Writing, actor: AccountHolderInPerson) -> None:
    """For children of 14 and more."""
    await service.part_with(session, actor, guardian)


@router.get("/people/{person}/consents", response_model=Page[ConsentRecord], summary="What guardians decided")
async def list_consents(
    person: UUID, database: DatabaseOf, actor: AccountHolder, paging: PagingOf
) -> Response:
    """Newest first; for the child, the guardians and the administrators in charge."""
    (before,) = paging.after(int) or (_NEWEST,)
    rows = await service.decisions(database.pool, actor, person, before, paging.limit + 1)
    shown = [(row["document"].encode(), row["position"]) for row in rows]
    return page_answer(shown, paging, key=lambda row: (row[1],))


@router.delete("/people/{person}/guardians/{guardian}", status_code=204, summary="End a guardianship")
async def remove_guardian(person: UUID, guardian: UUID, session: Writing, actor: Manager) -> None:
    """For administrators in charge of the child; for good, no roster links the two again."""
    await service.remove(session, actor, person, guardian)
