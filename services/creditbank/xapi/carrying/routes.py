"""A learner carries their record away."""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from libs.common.database import DatabaseOf
from services.creditbank.callers import Learner
from services.creditbank.xapi.carrying.keys import signer
from services.creditbank.xapi.carrying.schemas import RecordKeys
from services.creditbank.xapi.carrying.service import Export
from services.creditbank.xapi.persons import service as persons
from services.creditbank.xapi.readings import service as readings

router: Final = APIRouter(tags=["records"])


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
