"""Files of credits over HTTP: an upload, then a job to follow, then its items."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile

from libs.common.database import DatabaseOf
from libs.common.fields import Key
from libs.common.languages import Language, preferred
from libs.common.paging import Page, PagingOf, encode_cursor
from services.creditbank.callers import Corrector, Poster, Reader
from services.creditbank.deposits.problems import ClientOfInstitutionNeeded
from services.creditbank.files import service
from services.creditbank.files.rules import Encoding, Outcome
from services.creditbank.files.schemas import Decision, ItemReference, PostingFile, PostingItem
from services.creditbank.files.words import words
from services.creditbank.ledger.rules import credits_text
from services.creditbank.schemes.rules import DEFAULT_SCHEME

PATH: Final = "/v1/deposit-files"
router: Final = APIRouter(prefix=PATH, tags=["deposit files"])
_PIECE_BYTES: Final = 1024**2


@router.post("", status_code=202, summary="Post a file of credits")
async def ask(
    request: Request,
    response: Response,
    caller: Poster,
    database: DatabaseOf,
    file: Annotated[UploadFile, File(description="up to 100,000 rows, CSV with a header or JSON lines")],
    profile: Annotated[
        Key, Form(description="plain, abc, abc-account, json-lines or one the institution stored")
    ] = "plain",
    scheme: Annotated[Key, Form()] = DEFAULT_SCHEME,
    institution: Annotated[UUID | None, Form(description="default: the client's own")] = None,
    encoding: Annotated[Encoding | None, Form(description="the profile's unless said, else utf-8")] = None,
    atomic: Annotated[bool, Form(description="post all items, or nothing")] = False,
    dry_run: Annotated[
        bool, Form(description="say what would become of each item, and post nothing")
    ] = False,
    suspend_unknown: Annotated[bool, Form(description="items of unknown learners wait for them")] = False,
    needs_approval: Annotated[bool, Form(description="judge first; somebody else approves")] = False,
) -> PostingFile:
    """For clients of the institution or of one above it. The answer names the job: ask for it again.

    A file may be sent again at any time. While it is under way the same job is answered; later a new one
    finds its items posted already and says so.
    """
    if caller.organisation is None:
        raise ClientOfInstitutionNeeded
    wish = service.Wish(
        institution=institution or caller.organisation,
        scheme=scheme,
        profile=profile,
        encoding=encoding,
        atomic=atomic,
        dry_run=dry_run,
        suspends=suspend_unknown,
        needs_approval=needs_approval and not dry_run,
    )
    made = await service.ask(database, caller, wish, _shown_name(file.filename), _pieces(file))
    request.app.state.file_worker.wake()
    response.headers["Location"] = f"{PATH}/{made}"
    return _file(await service.visible(database.pool, caller, made), _language(request, response))


@router.get("", summary="Files of an institution, newest first")
async def read_files(
    request: Request,
    response: Response,
    caller: Reader,
    database: DatabaseOf,
    paging: PagingOf,
    institution: Annotated[UUID, Query()],
) -> Page[PostingFile]:
    """Seen by clients of the institution's line, its administrators, registrars and auditors."""
    (before,) = paging.after(UUID) or (None,)
    rows = await service.files_of(database.pool, caller, institution, before, paging.limit + 1)
    language = _language(request, response)
    items = [_file(row, language) for row in rows[: paging.limit]]
    return paging.page(items, encode_cursor(items[-1].id) if len(rows) > len(items) else None)


@router.get("/{file}", summary="How far a file is")
async def read_file(
    file: UUID, request: Request, response: Response, caller: Reader, database: DatabaseOf
) -> PostingFile:
    """Seen by clients of the institution's line, its administrators, registrars and auditors."""
    return _file(await service.visible(database.pool, caller, file), _language(request, response))


@router.get("/{file}/items", summary="What became of each item of a file")
async def read_items(
    file: UUID,
    request: Request,
    response: Response,
    caller: Reader,
    database: DatabaseOf,
    paging: PagingOf,
    outcome: Annotated[Outcome | None, Query(description="only those with this outcome")] = None,
) -> Page[PostingItem]:
    """In the order of the file. An item that waited for its learner tells what came of it since."""
    await service.visible(database.pool, caller, file)
    (after,) = paging.after(int) or (0,)
    rows = await service.items(database.pool, file, _place(after), outcome, paging.limit + 1)
    language = _language(request, response)
    items = [_item(row, language) for row in rows[: paging.limit]]
    return paging.page(items, encode_cursor(items[-1].number) if len(rows) > len(items) else None)


@router.post("/{file}/decision", summary="Approve or reject a file that waits for it")
async def decide(
    file: UUID, body: Decision, request: Request, response: Response, caller: Corrector, database: DatabaseOf
) -> PostingFile:
    """By a registrar or administrator of the institution's line, or a client of it that did not send it.

    What was judged is what is approved: items that were refused stay so.
    """
    await service.decide(database, caller, file, approves=body.decision == "approved", reason=body.reason)
    request.app.state.file_worker.wake()
    return _file(await service.visible(database.pool, caller, file), _language(request, response))


def _file(row: asyncpg.Record, language: Language) -> PostingFile:
    return PostingFile(**dict(row), message=words(row["refusal"], language))


def _item(row: asyncpg.Record, language: Language) -> PostingItem:
    names = ("number", "line", "key", "attempt", "grade", "earned_on", "outcome", "reason", "field", "entry")
    values: dict[str, Any] = {name: row[name] for name in names}
    return PostingItem(
        **values,
        learner=ItemReference(id=row["learner_id"], sourced_id=row["learner_sourced_id"]),
        course=ItemReference(id=row["course_id"], sourced_id=row["course_sourced_id"]),
        credits=None if row["amount"] is None else credits_text(row["amount"]),
        message=words(row["reason"], language),
    )


def _language(request: Request, response: Response) -> Language:
    language = preferred(request.headers.get("accept-language"))
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "no-store"
    return language


def _place(after: int) -> int:
    return max(0, min(after, 2**31 - 1))


def _shown_name(name: str | None) -> str:
    """The upload's name as it may be stored and shown: of a path the last part, nothing that disguises it."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(character for character in last if character.isprintable())
    return clean[-200:] or "credits.csv"


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE_BYTES):
        yield piece
