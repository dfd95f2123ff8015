"""Posting credits, one item to a thousand in a call."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response

from libs.common.database import DatabaseOf
from libs.common.ids import new_id
from libs.common.languages import Language, preferred
from services.creditbank.callers import Poster, Reader
from services.creditbank.deposits import service
from services.creditbank.deposits.documentation import REQUEST_BODY
from services.creditbank.deposits.problems import BY_REASON, ClientOfInstitutionNeeded
from services.creditbank.deposits.reading import read
from services.creditbank.deposits.rules import Answer, Answers, Call, Refused
from services.creditbank.deposits.schemas import Batch, DepositAnswer
from services.creditbank.deposits.words import REASONS
from services.creditbank.ledger.coalescer import Coalescer

PATH = "/v1/deposits"
LARGEST_BODY = 2 * 1024 * 1024
router = APIRouter(tags=["deposits"])

Desk = Coalescer[Call, Answers | Refused]


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


@router.post(
    PATH,
    summary="Post credits",
    response_model=DepositAnswer,
    openapi_extra=REQUEST_BODY,
)
async def post_credits(request: Request, caller: Poster, desk: Annotated[Desk, Depends(_desk)]) -> Response:
    """Post up to 1,000 items. Each is answered by itself, in the order sent; a bad one hinders no other.

    A call may be repeated as it is: an item whose key came before with the same content is `replayed` and
    names the first entry, with other content it is a `conflict` and changes nothing. A call of nothing but
    replayed items names the batch of its first entry.
    """
    if caller.organisation is None:
        raise ClientOfInstitutionNeeded
    scheme, institution, items = read(await request.body())
    call = Call(
        new_id(), caller.organisation, institution or caller.organisation, str(caller.subject), scheme, items
    )
    answers = await desk.call(call, len(items))
    if isinstance(answers, Refused):
        raise BY_REASON[answers.reason]
    return _answer(call, answers, request)


def _answer(call: Call, answers: Answers, request: Request) -> Response:
    outcomes = [answer.outcome for answer in answers.items]
    conflicts, refused = outcomes.count("conflict"), outcomes.count("refused")
    # Most calls have nothing to tell in words, and need no language.
    told = preferred(request.headers.get("accept-language")) if conflicts or refused else None
    document = {
        "batch": answers.batch,
        "posted": outcomes.count("posted"),
        "replayed": outcomes.count("replayed"),
        "conflicts": conflicts,
        "refused": refused,
        "items": [
            _item(item.key, answer, told) for item, answer in zip(call.items, answers.items, strict=True)
        ],
    }
    body = orjson.dumps(document, default=str)  # the driver's UUIDs are a class of their own
    return Response(body, headers=told and {"Content-Language": told}, media_type="application/json")


def _item(key: str, answer: Answer, language: Language | None) -> dict[str, Any]:
    members: dict[str, Any] = {"key": key, "outcome": answer.outcome}
    if answer.entry is not None:
        members["entry"] = answer.entry
    if answer.reason is not None:
        members["reason"] = answer.reason
    if language is not None and answer.outcome in ("refused", "conflict"):
        members["message"] = REASONS[answer.reason or "key_conflict"].in_language(language)
    if answer.home is not None:
        members["home"] = answer.home
    return members


@router.get(f"{PATH}/{{deposit}}", summary="One call to post and what it made", response_model=Batch)
async def read_deposit(deposit: UUID, caller: Reader, database: DatabaseOf) -> Response:
    """Seen by clients of the institution's line, its administrators, registrars and auditors."""
    return Response(await service.batch(database.pool, caller, deposit), media_type="application/json")
