"""Use cases of the authorization endpoint: asking, deciding, and redeeming what was granted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import orjson

from libs.common.ids import new_id
from libs.common.problems import TooManyRequests
from services.auth.authorization import repository
from services.auth.authorization.answering import (
    NEVER,
    Pending,
    Server,
    give_up,
    grant,
    refuse,
    remember_refusal,
)
from services.auth.authorization.codes import CodeRefused, CodeReplayed, Redeemed
from services.auth.authorization.counting import WAITING_WINDOW_S, Counts
from services.auth.authorization.deciding import ACR_SECOND_FACTOR, SignedIn, Step, next_step
from services.auth.authorization.hints import HintRefused, read_hint
from services.auth.authorization.redeeming import redeem
from services.auth.authorization.rules import (
    Asked,
    AuthorizationRefused,
    NotAnswerable,
    Parameters,
    asked_of,
    identify,
    is_assured,
    validate,
)
from services.auth.clients import service as clients
from services.auth.clients.rules import redirect_allowed
from services.auth.clients.service import Client
from services.auth.second_factors import service as second_factors
from services.auth.sessions.service import Session
from services.auth.sql import Where

__all__ = [
    "AuthorizationRefused",
    "CodeRefused",
    "CodeReplayed",
    "Counts",
    "NotAnswerable",
    "Pending",
    "Redeemed",
    "Server",
    "begin",
    "consent_asked",
    "decide",
    "may_decide",
    "parties",
    "pending",
    "redeem",
    "resume",
    "select",
    "void_foreign_codes",
    "withdraw",
]

# Where the browser goes for each step; the request's id says what it is about.
_PATHS: Final[Mapping[Step, str]] = {
    "sign-in": "/sign-in",
    "second-factor": "/sign-in/second-factor",
    "select-account": "/select-account",
    "consent": "/consent",
}


async def begin(
    server: Server, parameters: Parameters, session: Session | None, browser: bytes, now: datetime
) -> str:
    """Where the browser goes with this request: to the client with its answer, or to a page of ours.

    Raises NotAnswerable as long as the client and its redirect address are not proved: then nobody is
    redirected; TooManyRequests for a flood of requests that would have to wait. `browser` is the digest of
    the browser's secret, `session` who is signed in there.
    """
    client_id, redirect_uri = identify(parameters)
    client = await clients.find(server.finder, client_id)
    if client is None or client.kind == "machine":
        raise NotAnswerable("no-client")
    if not redirect_allowed(client.kind, client.redirect_uris, redirect_uri):
        await remember_refusal(server, client, "redirect_uri")
        raise NotAnswerable("foreign-redirect")
    try:
        asked = validate(parameters, redirect_uri, client.scopes)
        asked = _about_whom(server, client, asked, now)
        return await _go_on(server, Pending(new_id(), client, asked, NEVER, None), session, browser, now)
    except AuthorizationRefused as refused:
        return await refuse(server, client, redirect_uri, parameters.state(), refused)


async def pending(server: Server, request: UUID, browser: bytes) -> Pending | None:
    """The request that waits in this browser; None if there is no such one, or its client may not ask."""
    row = await repository.waiting(server.database.pool, request, browser)
    client = await clients.find(server.finder, row["client_id"]) if row is not None else None
    if row is None or client is None:
        return None
    asked = asked_of(orjson.loads(row["parameters"]))
    if not redirect_allowed(client.kind, client.redirect_uris, asked.redirect_uri):
        return None
    return Pending(row["id"], client, asked, row["created_at"], row["selected_session_id"])


async def resume(
    server: Server, request: UUID, session: Session | None, browser: bytes, now: datetime
) -> str:
    """Where the browser goes now that its person has acted; raises NotAnswerable for what is over."""
    waiting = await _waiting(server, request, browser)
    try:
        return await _go_on(server, waiting, session, browser, now)
    except AuthorizationRefused as refused:
        return await give_up(server, waiting, refused)


async def consent_asked(
    server: Server, request: UUID, session: Session | None, browser: bytes, now: datetime
) -> tuple[Pending, Mapping[str, str | None]] | None:
    """The request whose consent is to be asked now, with the parties' names; None if it is not that far."""
    waiting = await _waiting(server, request, browser)
    try:
        if session is None or await _next(server, waiting, session, now) != "consent":
            return None
    except AuthorizationRefused:
        return None
    names = await parties(server, waiting, session)
    return (waiting, names) if names is not None else None


async def parties(server: Server, waiting: Pending, session: Session) -> Mapping[str, str | None] | None:
    """The names of the person who is signed in and of the organisation whose client asks."""
    row = await repository.parties(server.database.pool, session.person, waiting.client.id)
    return {**row} if row is not None else None


async def select(
    server: Server, request: UUID, session: Session | None, browser: bytes, now: datetime
) -> str:
    """Go on with the account that is signed in, as the person chose."""
    if session is not None:
        await repository.select_session(server.database.pool, request, browser, session.id)
    return await resume(server, request, session, browser, now)


async def decide(
    server: Server, request: UUID, session: Session | None, browser: bytes, now: datetime, *, allow: bool
) -> str:
    """Take the person's decision on the consent page: a code for the client, or access_denied."""
    waiting = await _waiting(server, request, browser)
    try:
        step = await _next(server, waiting, session, now)
        if session is None or step not in ("consent", "grant"):
            return _page(step, waiting)
        if not allow:
            raise AuthorizationRefused("access_denied", "The person did not allow this.")
        return await grant(server, waiting, session, now, consenting=True)
    except AuthorizationRefused as refused:
        return await give_up(server, waiting, refused, session)


async def withdraw(session: Where, person: UUID, client: UUID) -> bool:
    """Withdraw what a person allowed a client, codes that wait to be redeemed included; False if nothing."""
    withdrawn = await repository.withdraw(session, person, client)  # first: who grants now holds this row
    await repository.void_codes(session, person, client)
    return withdrawn


async def may_decide(where: Where, person: UUID) -> bool:
    """Whether the person may allow applications something: of age for it, or with a guardian's consent."""
    return await repository.may_decide(where, person)


async def void_foreign_codes(session: Where, person: UUID) -> None:
    """Make worthless what waits to be redeemed by applications that must ask the person for consent."""
    await repository.void_foreign_codes(session, person)


async def _waiting(server: Server, request: UUID, browser: bytes) -> Pending:
    waiting = await pending(server, request, browser)
    if waiting is None:
        raise NotAnswerable("over")
    return waiting


def _about_whom(server: Server, client: Client, asked: Asked, now: datetime) -> Asked:
    """The request with the person its id_token_hint names (OpenID Connect Core, 3.1.2.1)."""
    if asked.id_token_hint is None:
        return asked
    try:
        hint = read_hint(
            server.keys,
            asked.id_token_hint,
            issuer=server.issuer,
            client_id=client.client_id,
            now=now.timestamp(),
        )
    except HintRefused:
        raise AuthorizationRefused("invalid_request", "id_token_hint is not one of ours.") from None
    if hint is None and "none" in asked.prompt:
        raise AuthorizationRefused("login_required", "id_token_hint is too old to be believed.")
    if hint is None:
        return asked
    if asked.subject not in (None, str(hint.person)):
        raise AuthorizationRefused("invalid_request", "The request is about two people.")
    return replace(asked, subject=str(hint.person))


async def _go_on(
    server: Server, waiting: Pending, session: Session | None, browser: bytes, now: datetime
) -> str:
    step = await _next(server, waiting, session, now)
    if step == "grant" and session is not None:
        return await grant(server, waiting, session, now)
    if waiting.begun_at == NEVER:
        if not await server.counts.may_wait():
            raise TooManyRequests(retry_after=WAITING_WINDOW_S)
        kept = orjson.dumps(waiting.asked.members()).decode()
        await repository.wait(server.database.pool, waiting.id, waiting.client.id, browser, kept)
    return _page(step, waiting)


def _page(step: Step, waiting: Pending) -> str:
    query = {"request": str(waiting.id)}
    if waiting.asked.ui_locales:
        query["ui_locales"] = waiting.asked.ui_locales
    return f"{_PATHS[step]}?{urlencode(query)}"


async def _next(server: Server, waiting: Pending, session: Session | None, now: datetime) -> Step:
    asked, client = waiting.asked, waiting.client
    if not asked.disclosed <= client.scopes:
        raise AuthorizationRefused("invalid_scope", "The client may not ask for this scope any more.")
    allowed = frozenset[str]() if client.needs_consent else None
    who = None
    if session is not None:
        pool = server.database.pool
        if client.needs_consent:
            allowed = await repository.allowed_scopes(pool, session.person, client.id)
            if not await repository.may_decide(pool, session.person):
                raise AuthorizationRefused("access_denied", "A guardian's consent is needed first.")
        has_second_factor = ACR_SECOND_FACTOR in asked.ways and await second_factors.is_enrolled(
            pool, session.person
        )
        who = SignedIn(
            str(session.person), session.authenticated_at, tuple(session.methods), has_second_factor
        )
    selected = session is not None and waiting.selected == session.id
    return next_step(
        asked,
        who,
        begun_at=waiting.begun_at,
        now=now,
        allowed=allowed,
        selected=selected,
        assured=is_assured(client.kind, asked.redirect_uri),
    )
