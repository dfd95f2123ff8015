"""Balances and statements, now and as of any time, of oneself and of one's child."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from libs.common.database import Database, DatabaseOf
from libs.common.fields import Key
from libs.common.identity import Caller
from libs.common.paging import Paging, PagingOf, encode_cursor
from services.creditbank.callers import Learner
from services.creditbank.schemes.rules import DEFAULT_SCHEME
from services.creditbank.spreadsheets import PART, CsvResponse, Form, FormOf, answer
from services.creditbank.statements import service
from services.creditbank.statements.rules import Place, View
from services.creditbank.statements.schemas import (
    COLUMNS,
    Axis,
    Balances,
    EffectiveAt,
    RecordedAt,
    Statement,
)
from services.creditbank.times import Moment, at_microseconds

router = APIRouter(tags=["statements"])
_NO_STORE: Final = {"Cache-Control": "no-store"}
_LARGEST: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What of a statement is asked for."""

    scheme: str
    by_day: bool
    since: datetime | None
    until: datetime | None
    recorded_at: datetime | None
    effective_on: date | None

    def view(self, now: datetime) -> View:
        """The view asked for; of what will be known nothing is known yet."""
        known_by = min(self.recorded_at or now, now)
        return View(self.scheme, known_by, self.effective_on, self.by_day, self.since, self.until)


async def _wish(
    scheme: Annotated[Key, Query(description="a scheme's code")] = DEFAULT_SCHEME,
    by: Annotated[
        Axis, Query(description="in the order of recording, or of the days on which it took effect")
    ] = "recorded",
    since: Annotated[
        Moment | None, Query(alias="from", description="the first time (RFC 3339) of what is shown")
    ] = None,
    until: Annotated[
        Moment | None, Query(description="the first time (RFC 3339) of what is no longer shown")
    ] = None,
    recorded_at: RecordedAt = None,
    effective_at: EffectiveAt = None,
) -> Wish:
    return Wish(scheme, by == "effective", since, until, recorded_at, effective_at)


WishOf = Annotated[Wish, Depends(_wish)]


@router.get("/v1/accounts/me/balances", summary="My balances as of any time", response_model=Balances)
async def my_balances(
    caller: Learner,
    database: DatabaseOf,
    recorded_at: RecordedAt = None,
    effective_at: EffectiveAt = None,
) -> Response:
    """Rebuilt from the entries, merged books included. What a time some minutes ago shows never changes."""
    return await _balances(database, caller, caller.subject, recorded_at, effective_at)


@router.get(
    "/v1/learners/{learner}/balances", summary="A learner's balances as of any time", response_model=Balances
)
async def read_balances(
    learner: UUID,
    caller: Learner,
    database: DatabaseOf,
    recorded_at: RecordedAt = None,
    effective_at: EffectiveAt = None,
) -> Response:
    """For the learner, and for guardians: of a child under 14 only with a guardian's consent."""
    return await _balances(database, caller, learner, recorded_at, effective_at)


async def _balances(
    database: Database, caller: Caller, learner: UUID, recorded_at: RecordedAt, effective_at: EffectiveAt
) -> Response:
    now = await service.may_read(database.pool, caller, learner)
    known_by = min(recorded_at or now, now)
    found = await service.balances(
        database.pool, learner=learner, known_by=known_by, in_force_by=effective_at
    )
    return Response(found, headers=_NO_STORE, media_type="application/json")


@router.get("/v1/accounts/me/statement", summary="My statement", response_model=Statement)
async def my_statement(caller: Learner, database: DatabaseOf, paging: PagingOf, wish: WishOf) -> Response:
    """Entries, the oldest first, each with what there was after it; merged books are read as one."""
    return await _statement(database, caller, caller.subject, wish, paging)


@router.get("/v1/learners/{learner}/statement", summary="A learner's statement", response_model=Statement)
async def read_statement(
    learner: UUID, caller: Learner, database: DatabaseOf, paging: PagingOf, wish: WishOf
) -> Response:
    """For the learner, and for guardians: of a child under 14 only with a guardian's consent."""
    return await _statement(database, caller, learner, wish, paging)


async def _statement(
    database: Database, caller: Caller, learner: UUID, wish: Wish, paging: Paging
) -> Response:
    view = wish.view(await service.may_read(database.pool, caller, learner))
    found = await service.statement(
        database.pool, learner=learner, view=view, after=_place(paging), limit=paging.limit
    )
    cursor = None if found["next"] is None else encode_cursor(*map(int, found["next"][:2]), found["next"][2])
    about = orjson.dumps(
        {
            "learner": str(found["learner"]),
            "scheme": view.scheme,
            "by": "effective" if view.by_day else "recorded",
            "recorded_at": view.known_by,
            "effective_on": view.in_force_by,
            "next": cursor,
        },
        option=orjson.OPT_UTC_Z,
    )
    members = (
        b'"opening":' + found["opening"],
        b'"closing":' + found["closing"],
        b'"items":' + found["items"],
    )
    link = paging.link(cursor)
    return Response(
        about[:-1] + b"," + b",".join(members) + b"}",
        headers=_NO_STORE | ({"Link": link} if link else {}),
        media_type="application/json",
    )


def _place(paging: Paging) -> Place | None:
    after = paging.after(int, int, UUID)
    if after is None:
        return None
    return Place(at_microseconds(after[0]), max(0, min(after[1], _LARGEST)), after[2])


@router.get("/v1/accounts/me/statement.csv", summary="My statement as CSV", response_class=CsvResponse)
async def my_statement_as_csv(
    request: Request, caller: Learner, database: DatabaseOf, wish: WishOf, form: FormOf
) -> CsvResponse:
    """The whole statement, the oldest entry first."""
    return await _as_csv(request, database, caller, caller.subject, wish, form)


@router.get(
    "/v1/learners/{learner}/statement.csv", summary="A learner's statement as CSV", response_class=CsvResponse
)
async def read_statement_as_csv(
    request: Request, learner: UUID, caller: Learner, database: DatabaseOf, wish: WishOf, form: FormOf
) -> CsvResponse:
    """For the learner, and for guardians: of a child under 14 only with a guardian's consent."""
    return await _as_csv(request, database, caller, learner, wish, form)


async def _as_csv(
    request: Request, database: Database, caller: Caller, learner: UUID, wish: Wish, form: Form
) -> CsvResponse:
    view = wish.view(await service.may_read(database.pool, caller, learner))
    parts = service.parts(database.pool, learner, view, PART)
    return await answer(request, form, COLUMNS, parts, name="statement")
