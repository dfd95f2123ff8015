"""Who is signed in at the asking browser, as dependencies of pages."""

from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Request

from libs.common.database import database_of
from services.auth.pages.cookies import cookie
from services.auth.pages.refusals import SeeOther
from services.auth.pages.rules import DEFAULT_PATH
from services.auth.sessions import service
from services.auth.sessions.rules import is_fresh
from services.auth.sessions.service import Session

COOKIE: Final = "session"


async def current(request: Request) -> Session | None:
    """The session of the browser's cookie; None when nobody is signed in."""
    return await service.current(database_of(request).pool, cookie(request, COOKIE))


BrowserSession = Annotated[Session | None, Depends(current)]


def _to_sign_in(request: Request, **more: str) -> SeeOther:
    path = request.url.path if request.method == "GET" else DEFAULT_PATH
    return SeeOther("/sign-in?" + urlencode({"next": path, **more}))


async def _signed_in(request: Request, session: BrowserSession) -> Session:
    if session is None:
        raise _to_sign_in(request)
    return session


#: the session of whoever is signed in; others sign in first and come back
SignedIn = Annotated[Session, Depends(_signed_in)]


async def _freshly_signed_in(request: Request, session: SignedIn) -> Session:
    if not is_fresh(session.authenticated_at, datetime.now(UTC)):
        raise _to_sign_in(request, again="1")
    return session


#: as `SignedIn`, but the sign-in must be of the last five minutes; older ones are repeated first
FreshlySignedIn = Annotated[Session, Depends(_freshly_signed_in)]
