"""A learner carries their record away."""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Actor, Learner
from services.creditbank.xapi.carrying import repository
from services.creditbank.xapi.carrying.importing import Bringer
from services.creditbank.xapi.carrying.keys import signer
from services.creditbank.xapi.carrying.schemas import CreditFromElsewhere, Import, ImportDone, RecordKeys
from services.creditbank.xapi.carrying.service import Export
from services.creditbank.xapi.persons import service as persons
from services.creditbank.xapi.readings import service as readings

IMPORTS: Final = "/v1/record-imports"
router: Final = APIRouter(tags=["records"])
_NO_STORE: Final = {"Cache-Control": "no-store"}


class JsonLines(StreamingResponse):
    """JSON Lines that are sent while they are made."""

    media_type = "application/jsonl"


@router.get("/v1/record-keys", summary="The key that signs exports of records")
async def read_keys(request: Request, response: Response) -> RecordKeys:
    """Open to anybody. Keep the key from elsewhere, too: this answer is not signed."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return RecordKeys(keys=[signer(request.app.state.settings).verifier.text])


@router.get(
    "/v1/learners/{learner}/record/export",
    summary="Everything of a learner's record, signed",
    response_class=JsonLines,
)
async def export_record(request: Request, learner: UUID, caller: Learner, database: DatabaseOf) -> JsonLines:
    """Statements, contents of attachments, documents, entries of the books; the last line signs all others.

    For the learner, and for guardians; of a child under 14 only with a guardian's consent. An answer without
    its last line, the manifest, was cut off.
    """
    of = await persons.owner(database.pool, caller, learner)
    if not of.is_own:
        await readings.record_of_person(database.pool, caller.subject, learner, 0)
    state = request.app.state
    lines = Export(
        database.pool,
        state.statements,
        of,
        learner,
        state.settings.public_address,
        state.settings.issuer,
        state.shred_keys,
        signer(state.settings),
    ).lines()
    first = await anext(lines)

    async def sent() -> AsyncIterator[bytes]:
        yield first
        async for line in lines:
            yield line

    headers = {"Content-Disposition": 'attachment; filename="record.jsonl"', "Cache-Control": "no-store"}
    return JsonLines(sent(), headers=headers)


@router.post(
    IMPORTS,
    summary="Bring a record from elsewhere",
    status_code=201,
    response_model=ImportDone,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/jsonl": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def bring_record(request: Request, caller: Actor, database: DatabaseOf) -> Response:
    """The export of another bank becomes part of one's own record, on one's own word; again, nothing more.

    Statements keep their ids and who vouched for them there; credits are shown and never money here. Whether
    a known bank signed the export is said. Voided statements, and what is not about an agent that the export
    says the learner is, are left out; broken exports are refused whole.
    """
    of = await persons.owner(database.pool, caller, caller.subject)
    state = request.app.state
    bringer = Bringer(
        database,
        state.statements,
        state.settings.public_address,
        state.settings.issuer,
        [signer(state.settings).verifier, *state.settings.record_issuers],
        state.settings.xapi_body_limit,
    )
    _, brought = await bringer.bring(of, caller.subject, request.stream())
    [row] = await repository.imports(database.pool, of.numbers, before=None, one=brought.id, limit=1)
    more = orjson.dumps({"left_out": brought.left_out, "refusals": brought.refused})
    whole = row["item"][:-1] + b"," + more[1:]
    return Response(whole, status_code=201, headers=_NO_STORE, media_type="application/json")


@router.get(IMPORTS, summary="What I brought from elsewhere", response_model=Page[Import])
async def read_imports(caller: Learner, database: DatabaseOf, paging: PagingOf) -> Response:
    """My imports, the newest first."""
    of = await persons.owner(database.pool, caller, caller.subject)
    (before,) = paging.after(UUID) or (None,)
    rows = await repository.imports(
        database.pool, of.numbers, before=before, one=None, limit=paging.limit + 1
    )
    return paging.answer(rows, headers=_NO_STORE)


@router.get(
    "/v1/record-imports/credits",
    summary="Credits from elsewhere",
    response_model=Page[CreditFromElsewhere],
)
async def read_credits(caller: Learner, database: DatabaseOf, paging: PagingOf) -> Response:
    """What other banks' books tell of me: no credits here; recognition of prior learning makes some."""
    of = await persons.owner(database.pool, caller, caller.subject)
    (after,) = paging.after(str) or (None,)
    rows = await repository.credits_brought(database.pool, of.numbers, after=after, limit=paging.limit + 1)
    return paging.answer(rows, headers=_NO_STORE)
