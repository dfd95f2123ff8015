"""Requests that bring statements: their bodies read, judged and made ready for the store."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request

from libs.common.languages import Text
from services.creditbank.xapi.protocol.doors import Door
from services.creditbank.xapi.protocol.problems import NotOwnRecord, XapiRequestInvalid
from services.creditbank.xapi.protocol.rules import Version, agent_key
from services.creditbank.xapi.protocol.versions import version_of
from services.creditbank.xapi.statements import multipart
from services.creditbank.xapi.statements.multipart import BadMultipart, Part
from services.creditbank.xapi.statements.outlines import Reader, Unusual, outlines
from services.creditbank.xapi.statements.preparing import Prepared, Voucher, prepare
from services.creditbank.xapi.statements.signatures import check_signatures
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.findings import Invalid
from services.creditbank.xapi.validation.reading import NotJson, read_json
from services.creditbank.xapi.validation.statements import check_statement

#: after so many statements others get their turn
_AT_ONCE: Final = 100
_CONTENT_TYPE: Final = Text(
    "must be application/json or multipart/mixed", "必须为 application/json 或 multipart/mixed"
)
_NOT_JSON: Final = Text(
    "must be JSON in UTF-8, with each name once in an object",
    "必须是 UTF-8 编码的 JSON，同一对象中的名称不得重复",
)
_NOT_STATEMENTS: Final = Text("must be a statement or a list of statements", "必须是一条语句或语句列表")
_NOT_A_STATEMENT: Final = Text("must be one statement", "必须是一条语句")
_NO_CONTENT: Final = Text(
    "must have a fileUrl, or its content must be sent as a part of a multipart/mixed request",
    "必须提供 fileUrl，或在 multipart/mixed 请求中附上内容",
)
_NOT_MATCHING: Final = Text("must be as the part with the content says", "必须与内容所在部分的标头一致")
_NOT_NAMED: Final = Text("is the content of no attachment of these statements", "不属于这些语句的任何附件")
_TWICE: Final = Text("is the id of another statement of this request", "与本请求中另一条语句的标识相同")
_NOT_OWN: Final = NotOwnRecord.detail or NotOwnRecord.title


@dataclass(frozen=True, slots=True)
class Refused:
    """A statement that cannot be stored: its place in the request, and what is wrong where."""

    index: int
    path: str
    clause: str
    reason: Text
    id: str | None = None


@dataclass(slots=True)
class Intake:
    """What a request brought; `refused` is empty unless it asked for leniency."""

    statements: list[Prepared] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    #: places of `statements` in the request
    indexes: list[int] = field(default_factory=list)


async def take(request: Request, door: Door, voucher: Voucher, *, lenient: bool = False) -> Intake:
    """Everything a POST brings, ready to be stored.

    Raises XapiRequestInvalid for the first thing that is wrong; a lenient request only where the request
    itself cannot be read, else each bad statement is listed.
    """
    version = version_of(request)
    body, parts = await _read(request)
    if not parts:
        with suppress(Unusual):
            return await _usual(body, Reader(version, voucher, door.own))
    document = _parsed(body, version)
    if not isinstance(document, (list, dict)):
        raise _wrong("body", version, _NOT_STATEMENTS)
    listed = document if isinstance(document, list) else [document]
    judge = Judge(version, door, voucher, parts)
    found = Intake()
    for index, value in enumerate(listed):
        if index % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        at = f"statements[{index}]" if isinstance(document, list) else ""
        refusal = judge.take(value, index, at, found)
        if refusal is not None and not lenient:
            raise_refused(refusal)
        if refusal is not None:
            found.refused.append(refusal)
    judge.look_for_unnamed()
    found.parts = list(parts.values())
    return found


async def _usual(body: bytes, reader: Reader) -> Intake:
    """What a body brings that has only statements as most are; raises Unusual."""
    found = Intake()
    ids = set[str]()
    for index, outline in enumerate(outlines(body)):
        if index % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        statement = reader.read(outline)
        ids.add(statement.id)
        found.statements.append(statement)
    reader.require_all_of(body)
    if len(ids) < len(found.statements):
        raise Unusual
    found.indexes = list(range(len(found.statements)))
    return found


async def take_one(request: Request, door: Door, voucher: Voucher, identifier: str) -> Intake:
    """The one statement of a PUT, which gets the id that the request names."""
    version = version_of(request)
    body, parts = await _read(request)
    document = _parsed(body, version)
    if not isinstance(document, dict):
        raise _wrong("body", version, _NOT_A_STATEMENT)
    judge = Judge(version, door, voucher, parts)
    if (
        isinstance(document.get("id", ""), str)
        and document.get("id", identifier).lower() != identifier.lower()
    ):
        different = Text("must be the statementId of the request", "必须与请求中的 statementId 一致")
        raise _wrong("id", version, different)
    document.setdefault("id", identifier)
    found = Intake()
    refusal = judge.take(document, 0, "", found)
    if refusal is not None:
        raise_refused(refusal)
    judge.look_for_unnamed()
    found.parts = list(parts.values())
    return found


def raise_refused(refusal: Refused) -> None:
    """The refusal of a statement as the answer to the whole request."""
    if refusal.reason is _NOT_OWN:
        raise NotOwnRecord
    raise XapiRequestInvalid(path=refusal.path, clause=refusal.clause, reason=refusal.reason)


class Judge:
    """Judges the statements of one request in turn, and remembers which ids and contents came up."""

    def __init__(self, version: Version, door: Door, voucher: Voucher, parts: Mapping[str, Part]) -> None:
        self._version, self._door, self._voucher, self._parts = version, door, voucher, parts
        self._contents = {sha2: part.content for sha2, part in parts.items()}
        self._received = frozenset(parts)
        self._named: set[str] = set()
        self._ids: set[str] = set()

    def take(self, value: Any, index: int, at: str, found: Intake) -> Refused | None:
        """Put a statement among those found, or say why not."""
        try:
            check_statement(value, self._version)
            self._check_attachments(value)
            identifier = value.get("id", "").lower()
            if identifier and identifier in self._ids:
                findings.refuse("id", findings.ID, _TWICE)
            self._ids.add(identifier)
            own = self._door.own is None or agent_key(value["actor"]) == self._door.own
            prepared = prepare(value, self._version, self._voucher, self._received)
            if prepared.attachments or "attachments" in value:
                check_signatures(value, self._contents, self._version)
        except Invalid as error:
            told = error.within(at) if at else error
            named = value.get("id") if isinstance(value, dict) else None
            return Refused(
                index,
                told.path or "statement",
                told.clause.of(self._version),
                told.reason,
                named if isinstance(named, str) else None,
            )
        if not own:
            path = f"{at}.actor" if at else "actor"
            return Refused(index, path, "xAPI 1.0.3 Communication 4.2", _NOT_OWN, prepared.id)
        found.statements.append(prepared)
        found.indexes.append(index)
        return None

    def _check_attachments(self, statement: Mapping[str, Any]) -> None:
        """Each attachment has its content here, or says where it is; what the part says of it is the same."""
        for number, attachment in enumerate(statement.get("attachments", ())):
            part = self._parts.get(attachment["sha2"].lower())
            if part is None:
                if "fileUrl" not in attachment:
                    findings.refuse(f"attachments[{number}]", findings.ATTACHMENTS, _NO_CONTENT)
                continue
            self._named.add(part.sha2)
            if part.media_type and _essence(part.media_type) != _essence(attachment["contentType"]):
                findings.refuse(f"attachments[{number}].contentType", findings.ATTACHMENTS, _NOT_MATCHING)
            if part.length is not None and part.length != attachment["length"]:
                findings.refuse(f"attachments[{number}].length", findings.ATTACHMENTS, _NOT_MATCHING)

    def look_for_unnamed(self) -> None:
        """A part that is nobody's attachment has no place in the request."""
        for number, sha2 in enumerate(self._parts, start=1):
            if sha2 not in self._named:
                raise XapiRequestInvalid(path=f"parts[{number}]", clause=multipart.CLAUSE, reason=_NOT_NAMED)


async def _read(request: Request) -> tuple[bytes, dict[str, Part]]:
    """The JSON of a request as it came, and the parts that came with it by their hashes."""
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    body = await request.body()
    parts: dict[str, Part] = {}
    if kind == "multipart/mixed":
        try:
            body, parts = multipart.read(content_type, body)
        except BadMultipart as error:
            raise XapiRequestInvalid(path=error.path, clause=multipart.CLAUSE, reason=error.reason) from None
    elif kind != "application/json":
        raise XapiRequestInvalid(
            path="Content-Type", clause="xAPI 1.0.3 Communication 1.5", reason=_CONTENT_TYPE
        )
    return body, parts


def _parsed(body: bytes, version: Version) -> Any:
    try:
        return read_json(body)
    except NotJson:
        raise _wrong("body", version, _NOT_JSON) from None


def _wrong(path: str, version: Version, reason: Text) -> XapiRequestInvalid:
    return XapiRequestInvalid(path=path, clause=findings.FORMATTING.of(version), reason=reason)


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
