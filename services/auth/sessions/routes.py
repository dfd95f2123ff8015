"""One's own sessions over HTTP; opening one is signing in (`sign_in`)."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf, Writing
from libs.common.paging import Page, PagingOf
from libs.common.problems import NotFound
from services.auth.answers import page_answer
from services.auth.callers import AccountHolder, AccountHolderInPerson
from services.auth.sessions import repository, service
from services.auth.sessions.schemas import Session

router: Final = APIRouter(prefix="/v1/sessions", tags=["sessions"])


@router.get("", response_model=Page[Session], summary="Where one is signed in")
async def list_sessions(database: DatabaseOf, actor: AccountHolder, paging: PagingOf) -> Response:
    """The caller's live sessions, newest first."""
    assert actor.id is not None
    rows = await repository.sessions_of(
        database.pool, actor.id, actor.session, paging.after(UUID), paging.limit + 1
    )
    return page_answer(rows, paging, key=lambda row: (row[1],))


@router.delete("/current", status_code=204, summary="Sign out")
async def end_current_session(session: Writing, actor: AccountHolderInPerson) -> None:
    """Ends the session of this request's token; tokens already given end within their life."""
    if actor.session is None:
        raise NotFound
    await service.end(session, actor, actor.session)


@router.delete("/{session_id}", status_code=204, summary="End one of one's sessions")
async def end_session(session_id: UUID, session: Writing, actor: AccountHolderInPerson) -> None:
    """For example that of a lost telephone."""
    await service.end(session, actor, session_id)
