"""The statements resource (xAPI 1.0.3, part three, 2.1; IEEE 9274.1.1, 4.1.6.1)."""

from collections.abc import Sequence
from email.utils import format_datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response

from libs.common.languages import preferred
from services.creditbank.xapi.protocol.doors import Door, permit
from services.creditbank.xapi.protocol.parameters import described, parameters
from services.creditbank.xapi.protocol.problems import XapiRequestInvalid
from services.creditbank.xapi.protocol.versions import version_of
from services.creditbank.xapi.readings.service import Readings
from services.creditbank.xapi.statements import asking, multipart, presenting
from services.creditbank.xapi.statements.asking import MORE, PARAMETERS
from services.creditbank.xapi.statements.cursors import Cursor, CursorUnknown
from services.creditbank.xapi.statements.documentation import ANSWERS, BODY, MEANINGS
from services.creditbank.xapi.statements.filters import SEPARATOR
from services.creditbank.xapi.statements.horizon import written
from services.creditbank.xapi.statements.intake import Intake, Refused, take, take_one
from services.creditbank.xapi.statements.preparing import Voucher
from services.creditbank.xapi.statements.problems import StatementConflict
from services.creditbank.xapi.statements.service import Statements
from services.creditbank.xapi.statements.storing import Bundle, Rights
from services.creditbank.xapi.statements.tongues import chooser
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.formats import is_uuid

PATH: Final = "/xapi/statements"
THROUGH: Final = "X-Experience-API-Consistent-Through"
router: Final = APIRouter(tags=["xapi"])

Writer = Annotated[Door, Depends(permit("statements/write"))]
Reader = Annotated[Door, Depends(permit("statements/read", "statements/read/mine"))]
_JSON: Final = "application/json"
_LENIENT: Final = "handling=lenient"

_EVERYTHING: Final = frozenset({"statements/write", "statements/read", "define"})


async def _statements(request: Request) -> Statements:
    found: Statements = request.app.state.statements
    return found


Store = Annotated[Statements, Depends(_statements)]


@router.post(PATH, summary="Store statements", response_model=None, responses=ANSWERS, openapi_extra=BODY)
async def store_statements(request: Request, door: Writer, store: Store) -> Response:
    """Store one statement or a list of them, all or none; answers their ids in the same order.

    A statement that is there already is left as it is; under the id of another one it is a conflict. With
    `Prefer: handling=lenient` the good ones are stored and each bad one is named.
    """
    parameters(request)
    voucher = Voucher.of(door.organisation, door.authority, door.authority_key)
    lenient = _LENIENT in request.headers.get("prefer", "").replace(" ", "").lower()
    intake = await take(request, door, voucher, lenient=lenient)
    if lenient:
        return await _store_leniently(request, door, voucher, intake, store)
    await store.add(_bundle(door, voucher, intake))
    return Response(orjson.dumps([one.told_id for one in intake.statements]), media_type=_JSON)


async def _store_leniently(
    request: Request, door: Door, voucher: Voucher, intake: Intake, store: Statements
) -> Response:
    taken = set(await store.add_those_that_fit(_bundle(door, voucher, intake)))
    refused = list(intake.refused)
    stored = []
    for index, one in zip(intake.indexes, intake.statements, strict=True):
        if one.id in taken:
            clause = "xAPI 1.0.3 Communication 2.1.2"
            reason = StatementConflict.detail or StatementConflict.title
            refused.append(Refused(index, f"statements[{index}].id", clause, reason, one.told_id))
        else:
            stored.append(one.told_id)
    language = preferred(request.headers.get("accept-language"))
    told = [
        {
            "index": one.index,
            "id": one.id,
            "path": one.path,
            "clause": one.clause,
            "message": one.reason.in_language(language),
        }
        for one in sorted(refused, key=lambda one: one.index)
    ]
    headers = {"Preference-Applied": _LENIENT, "Content-Language": language}
    return Response(orjson.dumps({"stored": stored, "refused": told}), media_type=_JSON, headers=headers)


@router.put(
    PATH,
    summary="Store one statement under an id",
    status_code=204,
    response_model=None,
    openapi_extra=described(required=("statementId",)) | {"requestBody": BODY["requestBody"]},
)
async def put_statement(request: Request, door: Writer, store: Store) -> Response:
    """Store a statement under the id that the request names; the same one may be put again."""
    identifier = parameters(request, required=("statementId",))["statementId"]
    if is_uuid(identifier) is None:
        raise XapiRequestInvalid(
            path="statementId", clause="xAPI 1.0.3 Communication 2.1.1", reason=findings.NOT_A_UUID
        )
    voucher = Voucher.of(door.organisation, door.authority, door.authority_key)
    intake = await take_one(request, door, voucher, identifier)
    await store.add(_bundle(door, voucher, intake))
    return Response(status_code=204)


@router.get(
    PATH,
    summary="Read statements",
    response_model=None,
    responses=ANSWERS,
    openapi_extra=described(*PARAMETERS, required=(), **MEANINGS),
)
async def read_statements(request: Request, door: Reader, store: Store) -> Response:
    """One statement by its id, or all that meet the filters, the newest first, page by page."""
    # first of all, so that what is read is complete up to then, and refusals tell a time that is not old
    headers = {THROUGH: written(await store.horizon.through())}
    values = parameters(request, *PARAMETERS)
    voucher = Voucher.of(door.organisation, door.authority, door.authority_key)
    limits = asking.limits_of(door, voucher)
    version = version_of(request)
    single = asking.single(values)
    if single is not None:
        found = await store.one(door.organisation, single.id, limits, voided=single.voided)
        _account(request, door, found.actor, 1)
        headers["Last-Modified"] = format_datetime(found.stored, usegmt=True)
        whole = found.body
        if single.format != "exact":
            whole = (await _present(request, store, door.organisation, [whole], single.format))[0]
        wanted = found.attachments if single.attachments else None
        return await _respond(store, door.organisation, whole, [found.body], wanted, headers)
    if MORE in values:
        asking.require_more_alone(values)
        cursor = _cursor(store, values[MORE], door.organisation)
    else:
        cursor = asking.several(values, version, door.organisation)
    page, more = await store.page(door.organisation, cursor, limits)
    _account(request, door, cursor.filters.agent, page.count)
    joined: bytes | memoryview = page.joined
    if cursor.format != "exact":
        presented = await _present(request, store, door.organisation, page.bodies(), cursor.format)
        joined = SEPARATOR.join(presented)
    link = f"{PATH}?{MORE}={more}" if more else ""
    # not added piece by piece: that copies all of it each time
    whole = b"".join((b'{"statements":[', joined, b'],"more":"', link.encode(), b'"}'))
    wanted = page.attachments if cursor.attachments else None
    bodies = page.bodies() if wanted else ()
    return await _respond(store, door.organisation, whole, bodies, wanted, headers)


def _account(request: Request, door: Door, agent: str | None, statements: int) -> None:
    """For who asks who read their record; whoever sees only their own is the one who would ask."""
    if door.own is None:
        readings: Readings = request.app.state.readings
        readings.count(door.organisation, agent, door.subject, "statements", statements)


def _cursor(store: Statements, text: str, organisation: UUID) -> Cursor:
    try:
        return store.cursors.read(text, organisation)
    except CursorUnknown:
        raise XapiRequestInvalid(path=MORE, clause="xAPI 1.0.3 Data 2.5", reason=asking.NO_LINK) from None


async def _present(
    request: Request, store: Statements, organisation: UUID, bodies: Sequence[bytes], form: str
) -> Sequence[bytes]:
    """Statements in the formats that look into them."""
    statements: list[dict[str, Any]] = [orjson.loads(body) for body in bodies]
    if form == "ids":
        return [orjson.dumps(presenting.ids(one)) for one in statements]
    named = {activity for one in statements for activity in presenting.activity_ids(one)}
    definitions = await store.definitions(organisation, sorted(named))
    choose = chooser(request.headers.get("accept-language"))
    return [orjson.dumps(presenting.canonical(one, definitions, choose)) for one in statements]


async def _respond(
    store: Statements,
    organisation: UUID,
    document: bytes,
    bodies: Sequence[bytes],
    attachments: Sequence[str] | None,
    headers: dict[str, str],
) -> Response:
    """The document alone, or with the contents of the attachments; None where these are not wanted."""
    if attachments is None:
        return Response(document, media_type=_JSON, headers=headers)
    contents = await store.contents(organisation, attachments)
    types = {
        attachment["sha2"].lower(): attachment["contentType"]
        for body in bodies
        if contents
        for attachment in orjson.loads(body).get("attachments", ())
    }
    parts = [
        (sha2, types.get(sha2, "application/octet-stream"), content) for sha2, content in contents.items()
    ]
    media_type, whole = multipart.write(document, parts)
    return Response(whole, headers={**headers, "Content-Type": media_type})


def _bundle(door: Door, voucher: Voucher, intake: Intake) -> Bundle:
    """What a request brought; whether it may change definitions, and void others' statements."""
    rights = Rights(voucher, "define" in door.permissions, door.permissions >= _EVERYTHING)
    return Bundle(rights, intake.statements, intake.parts)
