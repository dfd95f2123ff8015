"""A service of nothing but the common floor: one table, one event, one route of each kind."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, UploadFile
from pydantic import BaseModel
from sqlalchemy import text

from libs.common.database import DatabaseOf, Writing
from libs.common.fields import Line
from libs.common.http import Service, create_app
from libs.common.http.app import Source
from libs.common.identity import Caller, require
from libs.common.outbox import record
from libs.common.paging import PagingOf
from libs.common.settings import ServiceSettings
from tests.issuer import Issuer

AUDIENCE = "urn:test:floor"
router = APIRouter()


class Note(BaseModel):
    text: Line


class Answer(BaseModel):
    value: str


@router.post("/notes", status_code=201)
async def write_note(
    note: Note, session: Writing, _caller: Annotated[Caller, Depends(require("notes.write"))]
) -> Answer:
    connection = await session.connection()
    await connection.execute(text("insert into note (text) values (:text)"), {"text": note.text})
    await record(session, "floor.note.written.v1", note.text, note)
    return Answer(value=note.text)


@router.get("/notes")
async def count_notes(database: DatabaseOf, like: Annotated[str, Query()] = "") -> Answer:
    count = await database.pool.fetchval("select count(*) from note where text like $1 || '%'", like)
    return Answer(value=str(count))


@router.get("/me")
async def me(caller: Annotated[Caller, Depends(require())]) -> Answer:
    return Answer(value=str(caller.subject))


@router.get("/listed")
async def listed(paging: PagingOf, database: DatabaseOf) -> Answer:
    (after, number) = paging.after(str, int) or ("", 0)
    count = await database.pool.fetchval(
        "select count(*) from note where (text, 1::bigint) > ($1, $2)", after, number
    )
    return Answer(value=str(count))


@router.post("/uploads")
async def upload(file: UploadFile, caller: Annotated[Caller, Depends(require("notes.write"))]) -> Answer:
    return Answer(value=f"{file.size} bytes of {caller.subject}")


@router.get("/broken")
async def broken() -> Answer:
    raise RuntimeError("somebody's secret")


def floor_app(
    settings: ServiceSettings, issuer: Issuer, sources: dict[str, Source] | None = None, **options: Any
) -> FastAPI:
    return create_app(
        Service(
            name="floor",
            title="Floor",
            description="Only the common floor.",
            audience=AUDIENCE,
            settings=settings,
            routers=[router],
            body_limits={"/uploads": 4 * 1024 * 1024},
            sources=sources or {},
            keys=lambda _app: issuer.source(),
            **options,
        )
    )
