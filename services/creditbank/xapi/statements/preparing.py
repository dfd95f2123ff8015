"""A valid statement made ready for the store: what the store adds to it, and the bytes it is sent back as."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from libs.common.ids import new_id
from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.statements.facets import Facets, authority_keys, facets
from services.creditbank.xapi.validation.formats import moment

_DATA_MODEL: Final = {"1.0.3": "1.0.0", "2.0.0": "2.0.0"}
_NO_OFFSET: Final = ("Z", "z", "+00:00", "+00", "+0000")


@dataclass(frozen=True, slots=True)
class Voucher:
    """Who vouches for the statements of a request, as it is put into them."""

    organisation: UUID
    authority: bytes
    key: str
    members: tuple[str, ...]

    @classmethod
    def of(cls, organisation: UUID, authority: bytes, authority_key: str) -> "Voucher":
        own, members = authority_keys(orjson.loads(authority), authority_key, organisation.hex)
        return cls(organisation, authority, own, members)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One statement as it is handed to the store.

    `body` is its JSON but for the closing brace: the store appends when it was stored, and that time as the
    timestamp where `happened` is None.
    """

    id: UUID
    statement: dict[str, Any]
    facets: Facets
    mentions: tuple[str, ...]
    happened: datetime | None
    #: hashes of the attachments whose content came with it
    attachments: tuple[str, ...]
    body: bytes


def prepare(
    statement: dict[str, Any], version: Version, voucher: Voucher, received: frozenset[str] = frozenset()
) -> Prepared:
    """Fill in what the store assigns. Changes the statement that it is given."""
    normalise(statement, version)
    if "id" not in statement:
        statement["id"] = str(new_id())
    statement.pop("stored", None)
    statement["authority"] = orjson.Fragment(voucher.authority)
    statement.setdefault("version", _DATA_MODEL[version])
    found = facets(statement, voucher.organisation.hex)
    told = statement.get("timestamp")
    return Prepared(
        id=UUID(statement["id"]),
        statement=statement,
        facets=found,
        mentions=found.mentions + voucher.members,
        happened=moment(told, version) if told else None,
        attachments=tuple(
            attachment["sha2"].lower()
            for attachment in statement.get("attachments", ())
            if attachment["sha2"].lower() in received
        ),
        body=orjson.dumps(statement)[:-1],
    )


def normalise(statement: dict[str, Any], version: Version) -> None:
    """Related activities as lists (Data 2.4.6.2), and times that name another offset in UTC (Data 4.5)."""
    for part in _with_substatement(statement):
        context = part.get("context")
        if context and "contextActivities" in context:
            related = context["contextActivities"]
            for name, value in related.items():
                if type(value) is dict:
                    related[name] = [value]
        told = part.get("timestamp")
        if told and not told.endswith(_NO_OFFSET):
            part["timestamp"] = _in_utc(told, version)


def activities_of(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every activity of a normalised statement, those of its substatement included."""
    for part in _with_substatement(statement):
        thing = part["object"]
        if thing.get("objectType", "Activity") == "Activity":
            yield thing
        for related in part.get("context", {}).get("contextActivities", {}).values():
            yield from related


def _with_substatement(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield statement
    if statement["object"].get("objectType") == "SubStatement":
        yield statement["object"]


def _in_utc(told: str, version: Version) -> str:
    """The same time with offset Z, and with as many decimals; a time without offset is left alone."""
    time = told.upper().partition("T")[2]
    if not time or not any(sign in time for sign in "+-"):
        return told
    when = moment(told, version)
    assert when is not None, "only valid statements are normalised"
    seconds = time.replace(",", ".").split("+")[0].split("-")[0]
    fraction = seconds.partition(".")[2]
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}{f'.{fraction}' if fraction else ''}Z"
