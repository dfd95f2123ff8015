"""A valid statement made ready for the store: what the store adds to it, and the bytes it is sent back as."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from libs.common.ids import new_id
from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.statements.facets import Facets, authority_keys, facets
from services.creditbank.xapi.validation.formats import moment

DATA_MODEL: Final = {"1.0.3": "1.0.0", "2.0.0": "2.0.0"}
_NO_OFFSET: Final = ("Z", "z", "+00:00", "+00", "+0000")


@dataclass(frozen=True, slots=True)
class Voucher:
    """Who vouches for the statements of a request, as it is put into them."""

    organisation: UUID
    authority: bytes
    key: str
    members: tuple[str, ...]

    @staticmethod
    def of(organisation: UUID, authority: bytes, authority_key: str) -> "Voucher":
        """The same one for the same authority, which most requests have."""
        return _voucher(organisation, authority, authority_key)


@lru_cache(1_000)
def _voucher(organisation: UUID, authority: bytes, authority_key: str) -> Voucher:
    own, members = authority_keys(orjson.loads(authority), authority_key, organisation.hex)
    return Voucher(organisation, authority, own, members)


class Prepared(NamedTuple):
    """One statement as it is handed to the store; `id` in lower case, `told_id` as it came.

    `body` is its JSON but for the closing brace: the store appends when it was stored, and that time as the
    timestamp where `happened` is None.
    """

    id: str
    told_id: str
    facets: Facets
    mentions: tuple[str, ...]
    #: what it says of activities: their ids and their definitions as JSON
    definitions: tuple[tuple[str, bytes], ...]
    happened: datetime | None
    #: hashes of the attachments whose content came with it
    attachments: tuple[str, ...]
    body: bytes

    def statement(self) -> dict[str, Any]:
        """The statement itself."""
        found: dict[str, Any] = orjson.loads(self.body + b"}")
        return found


def prepare(
    statement: dict[str, Any], version: Version, voucher: Voucher, received: frozenset[str] = frozenset()
) -> Prepared:
    """Fill in what the store assigns. Changes the statement that it is given."""
    normalise(statement, version)
    identifier: str = statement.setdefault("id", str(new_id()))
    statement.pop("stored", None)
    statement["authority"] = orjson.Fragment(voucher.authority)
    statement.setdefault("version", DATA_MODEL[version])
    found, mentions = facets(statement, voucher.organisation.hex)
    told = statement.get("timestamp")
    return Prepared(
        id=identifier.lower(),
        told_id=identifier,
        facets=found,
        mentions=mentions + voucher.members,
        definitions=defined(activities_of(statement)),
        happened=moment(told, version) if told else None,
        attachments=tuple(
            attachment["sha2"].lower()
            for attachment in statement.get("attachments", ())
            if attachment["sha2"].lower() in received
        ),
        body=orjson.dumps(statement)[:-1],
    )


def defined(activities: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, bytes], ...]:
    """Ids and definitions, as JSON, of those activities that have one."""
    return tuple(
        (activity["id"], orjson.dumps(activity["definition"]))
        for activity in activities
        if "definition" in activity
    )


def normalise(statement: dict[str, Any], version: Version) -> None:
    """Related activities as lists (Data 2.4.6.2), and times that name another offset in UTC (Data 4.5)."""
    for part in _with_substatement(statement):
        context = part.get("context")
        if context and "contextActivities" in context:
            list_related(context["contextActivities"])
        if "timestamp" in part:
            part["timestamp"] = in_utc(part["timestamp"], version)


def list_related(related: dict[str, Any]) -> bool:
    """Put lists in place of the activities that stand alone, and tell whether there were any."""
    alone = [name for name, value in related.items() if type(value) is dict]
    for name in alone:
        related[name] = [related[name]]
    return bool(alone)


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


def in_utc(told: str, version: Version) -> str:
    """The same time with offset Z, and with as many decimals; a time without offset is left alone."""
    if told.endswith(_NO_OFFSET):
        return told
    time = told.upper().partition("T")[2]
    if not time or not any(sign in time for sign in "+-"):
        return told
    when = moment(told, version)
    assert when is not None, "only valid statements are normalised"
    seconds = time.replace(",", ".").split("+")[0].split("-")[0]
    fraction = seconds.partition(".")[2]
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}{f'.{fraction}' if fraction else ''}Z"
