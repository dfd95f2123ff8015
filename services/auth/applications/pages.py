"""The applications' part of the account page: what it shows, and its buttons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Response

from libs.common.database import Database, Writing
from libs.common.languages import Text
from libs.common.problems import NotFound
from services.auth.applications import service
from services.auth.applications.texts import APPLICATIONS
from services.auth.authorization.texts import SCOPES
from services.auth.pages import Fields, Form, Section, page_router, see_other
from services.auth.sessions.browser import SignedIn
from services.auth.sessions.service import Session

router: Final = page_router()


@dataclass(frozen=True, slots=True)
class Shown:
    """One application as the template `account/applications.html` shows it."""

    id: UUID
    name: str
    organisation: str | None
    scopes: list[Text]
    allowed_at: datetime | None


async def account_section(database: Database, session: Session) -> Section:
    """The applications' part of the account page."""
    listed = await shown(database.pool, session.person)
    return Section("account/applications.html", APPLICATIONS, {"applications": listed})


async def shown(pool: Any, person: UUID) -> list[Shown]:
    """What the account page lists."""
    rows = await service.used_by(pool, person)
    return [
        Shown(
            row["id"],
            row["name"],
            row["organisation"],
            [SCOPES[scope] for scope in SCOPES if scope in row["scopes"]],
            row["allowed_at"],
        )
        for row in rows
    ]


@router.post("/account/applications/{client}/withdrawal")
async def withdraw(
    client: UUID,
    session: Writing,
    who: SignedIn,
    form: Annotated[Fields, Depends(Form("withdraw-application", bound_to="application"))],
) -> Response:
    """Withdraws what the application may do, and shows the account again."""
    if form.get("application") != str(client):
        raise NotFound
    await service.withdraw(session, who.actor, client)
    return see_other("/account?done=application")
