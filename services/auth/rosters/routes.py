"""Roster imports over HTTP: an upload, then a job to follow."""

from collections.abc import AsyncIterator
from typing import Annotated, Final, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile

from libs.common.database import DatabaseOf
from libs.common.fields import Key
from libs.common.identity import Caller, require
from libs.common.languages import preferred
from libs.common.paging import Page, PagingOf, encode_cursor
from services.auth.actors import Actor
from services.auth.answers import answer, page_answer
from services.auth.callers import actor_of
from services.auth.rosters import repository, service
from services.auth.rosters.reading.messages import words
from services.auth.rosters.rules import DEFAULT_SOURCE
from services.auth.rosters.schemas import RosterFinding, RosterImport

router: Final = APIRouter(prefix="/v1/roster-imports", tags=["roster imports"])
PIECE_BYTES: Final = 1024**2


async def _importer(caller: Annotated[Caller, Depends(require("rosters.import"))]) -> Actor:
    return actor_of(caller)


Importer = Annotated[Actor, Depends(_importer)]


@router.post("", status_code=202, response_model=RosterImport, summary="Import a roster")
async def ask_for_import(
    request: Request,
    database: DatabaseOf,
    actor: Importer,
    file: Annotated[UploadFile, File(description="a zip of OneRoster 1.1, 1.2 or School Data Sync 2.1 CSV")],
    organisation: Annotated[UUID, Form(description="what the set is about lies below this organisation")],
    source: Annotated[Key, Form(description="which of the organisation's systems sends it")] = DEFAULT_SOURCE,
    dry_run: Annotated[bool, Form(description="check and count, but keep nothing")] = False,
    allow_large_closure: Annotated[
        bool, Form(description="also when more than a fifth of the people would be closed")
    ] = False,
) -> Response:
    """For administrators of the organisation and clients of it or of one above. The answer names the job."""
    wish = service.Wish(
        organisation=organisation,
        source_name=source,
        dry_run=dry_run,
        allow_large_closure=allow_large_closure,
        file_name=_shown(file.filename),
        size_bytes=file.size or 0,
    )
    import_id = await service.ask(database, actor, wish, _pieces(file))
    request.app.state.roster_workers.wake()
    response = answer(await repository.view(database.pool, import_id), status=202)
    response.headers["Location"] = f"{router.prefix}/{import_id}"
    return response


@router.get("", response_model=Page[RosterImport], summary="Imports of an organisation, newest first")
async def list_imports(
    database: DatabaseOf,
    actor: Importer,
    paging: PagingOf,
    organisation: Annotated[UUID, Query()],
) -> Response:
    """Those asked for this very organisation."""
    await service.require_import_right(database.pool, actor, organisation)
    (before,) = paging.after(UUID) or (None,)
    rows = await repository.page_of(database.pool, organisation, before, paging.limit + 1)
    return page_answer(rows, paging, key=lambda row: (row[1],))


@router.get("/{import_id}", response_model=RosterImport, summary="How far an import is")
async def read_import(import_id: UUID, database: DatabaseOf, actor: Importer) -> Response:
    """Ask again until the state is applied, unchanged, refused or failed."""
    await service.require_visible_import(database.pool, actor, import_id)
    return answer(await repository.view(database.pool, import_id))


@router.get("/{import_id}/findings", summary="What an import has to say, by file, row and field")
async def list_findings(
    import_id: UUID,
    request: Request,
    response: Response,
    database: DatabaseOf,
    actor: Importer,
    paging: PagingOf,
    severity: Annotated[Literal["error", "warning", "note"] | None, Query()] = None,
) -> Page[RosterFinding]:
    """Every finding is counted in the import; of each kind at one field the first fifty are kept."""
    await service.require_visible_import(database.pool, actor, import_id)
    (after,) = paging.after(int) or (0,)
    rows = await repository.findings_of(database.pool, import_id, after, severity, paging.limit + 1)
    language = preferred(request.headers.get("accept-language"))
    items = [
        RosterFinding(
            **{name: row[name] for name in RosterFinding.model_fields if name != "message"},
            message=words(row["code"], orjson.loads(row["values"])).in_language(language),
        )
        for row in rows[: paging.limit]
    ]
    response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = "no-store"
    return paging.page(items, encode_cursor(items[-1].position) if len(rows) > len(items) else None)


def _shown(name: str | None) -> str:
    """The upload's name as it may be stored and shown."""
    clean = "".join(character for character in name or "" if character.isprintable())
    return clean[-200:] or "roster.zip"


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE_BYTES):
        yield piece
