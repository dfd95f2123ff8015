"""Statements read without being taken apart: outlines, whose parts stay JSON until somebody looks into them.

Most parts come again and again: the same learners, verbs, activities and courses. What the judge said of one
(`xapi.validation`), the keys it is found by and the definitions in it are remembered by its bytes. Outlines
are only ever taken for what the judge takes: anything unusual, invalid or repeated is `Unusual` here, to be
read and judged as a whole, which also finds out what is wrong where.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import orjson
from msgspec import UNSET, Raw, UnsetType

from libs.common.ids import new_id
from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.statements import facets
from services.creditbank.xapi.statements.facets import Facets
from services.creditbank.xapi.statements.keys import key, registration_key
from services.creditbank.xapi.statements.preparing import (
    DATA_MODEL,
    Prepared,
    Voucher,
    defined,
    in_utc,
    list_related,
)
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.activities import check_activity
from services.creditbank.xapi.validation.agents import check_actor, check_authority
from services.creditbank.xapi.validation.contexts import check_context
from services.creditbank.xapi.validation.findings import Invalid
from services.creditbank.xapi.validation.formats import is_uuid, moment
from services.creditbank.xapi.validation.reading import NotJson, read_compactly
from services.creditbank.xapi.validation.results import check_result
from services.creditbank.xapi.validation.shapes import extensions as check_extensions
from services.creditbank.xapi.validation.statements import VOIDED, check_assigned, check_verb

_QUOTE: Final = b'"'
#: larger parts are not remembered
_LONGEST: Final = 1_000
_MOST: Final = 5_000
_SPACES: Final = b" \t\r\n"
_Found = TypeVar("_Found")


class Unusual(Exception):
    """Not what outlines are for: to be read and judged as a whole."""


class Outline(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The members of a statement; those that are not here are unusual."""

    actor: Raw
    verb: Raw
    object: Raw
    id: str | UnsetType = UNSET
    timestamp: str | UnsetType = UNSET
    version: str | UnsetType = UNSET
    stored: str | UnsetType = UNSET
    authority: Raw = Raw()
    result: Raw = Raw()
    context: dict[str, Raw] | UnsetType = UNSET


class Part(NamedTuple):
    """A valid part: its JSON as it is stored, how many quotation marks it had as it came, and its facets."""

    text: bytes
    quotes: int
    key: str | None = None
    #: the agent's key before it is digested
    named: str | None = None
    mentions: tuple[str, ...] = ()
    definitions: tuple[tuple[str, bytes], ...] = ()


_ONE: Final = msgspec.json.Decoder(Outline)
_SEVERAL: Final = msgspec.json.Decoder(list[Outline])


def outlines(body: bytes) -> Sequence[Outline]:
    """The statements of a body; raises Unusual."""
    if body.lstrip(_SPACES)[:1] == b"{":
        return [outline(body)]
    return _decoded(_SEVERAL, body)


def outline(line: bytes) -> Outline:
    """The one statement of a line; raises Unusual."""
    return _decoded(_ONE, line)


def authority_of(outline: Outline) -> Any:
    """The authority that a statement names, not yet judged; None without one. Raises Unusual."""
    try:
        return orjson.loads(bytes(outline.authority)) if outline.authority else None
    except orjson.JSONDecodeError:
        raise Unusual from None


def _decoded(decoder: msgspec.json.Decoder[_Found], text: bytes) -> _Found:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unusual from None


class Reader:
    """Makes statements of one request ready for the store, and counts what they had of quotation marks.

    Where an object has a name twice, the body has more of them than its statements: see `require_all_of`.
    """

    def __init__(self, version: Version, voucher: Voucher, own: str | None) -> None:
        self._version, self._voucher, self._own = version, voucher, own
        self._organisation = voucher.organisation.hex
        self._quotes = 0

    def read(self, outline: Outline) -> Prepared:
        """A statement that the judge would take, ready for the store; raises Unusual."""
        try:
            return self._read(outline)
        except (Invalid, NotJson):
            raise Unusual from None

    def require_all_of(self, body: bytes) -> None:
        """Everything in the body was read; raises Unusual where some of it was hidden by a repeated name."""
        if body.count(_QUOTE) != self._quotes:
            raise Unusual

    def _read(self, outline: Outline) -> Prepared:
        owner, version = self._organisation, self._version
        actor = _known(_actor, _remembered_actor, outline.actor, owner)
        if self._own is not None and actor.named != self._own:
            raise Unusual
        verb = _known(_verb, _remembered_verb, outline.verb, owner)
        thing = _known(_object, _remembered_object, outline.object, owner)
        quotes = actor.quotes + verb.quotes + thing.quotes + 6
        mentions, definitions = actor.mentions + thing.mentions, thing.definitions
        identifier = outline.id
        if identifier is UNSET:
            identifier = str(new_id())
        elif is_uuid(identifier) is None:
            raise Unusual
        else:
            quotes += 4
        pieces = [b'{"id":"%b","actor":' % identifier.encode(), actor.text, b',"verb":', verb.text]
        pieces += (b',"object":', thing.text)
        registration = None
        if outline.result:
            result = _result(bytes(outline.result))
            quotes += result.quotes + 2
            pieces += (b',"result":', result.text)
        if outline.context is not UNSET:
            quotes += 2
            before = b',"context":{'
            for name, raw in outline.context.items():
                part = self._of_context(name, raw, thing)
                quotes += part.quotes + 2
                pieces += (before, b'"%b":' % name.encode(), part.text)
                before = b","
                registration = part.key or registration
                mentions += part.mentions
                definitions += part.definitions
            pieces.append(b"}" if outline.context else b',"context":{}')
        happened = None
        if outline.timestamp is not UNSET:
            quotes += 4
            happened = moment(outline.timestamp, version)
            if happened is None:
                raise Unusual
            pieces.append(b',"timestamp":"%b"' % in_utc(outline.timestamp, version).encode())
        pieces += (b',"authority":', self._voucher.authority)
        told = DATA_MODEL[version]
        if outline.version is not UNSET:
            quotes += 4
            told = outline.version
            check_assigned("version", told, version)
        pieces.append(b',"version":"%b"' % told.encode())
        if outline.stored is not UNSET:
            quotes += 4
            check_assigned("stored", outline.stored, version)
        if outline.authority:
            quotes += 2 + _known(_authority, _remembered_authority, outline.authority).quotes
        self._quotes += quotes
        return Prepared(
            id=identifier.lower(),
            told_id=identifier,
            facets=Facets(verb.key or "", actor.key, thing.key, registration, None, voiding=False),
            mentions=_distinct(mentions) + self._voucher.members,
            definitions=definitions,
            happened=happened,
            attachments=(),
            body=b"".join(pieces),
        )

    def _of_context(self, name: str, raw: Raw, thing: Part) -> Part:
        if name == "extensions":
            return _extensions(bytes(raw))
        asked = (name, self._version, self._organisation, thing.named is None)
        return _known(_context_member, _remembered_context_member, raw, *asked)


def _known(find: Callable[..., Part], remembered: Callable[..., Part], raw: Raw, *asked: object) -> Part:
    """What is found of a part, or was found of it before."""
    text = bytes(raw)
    return remembered(text, *asked) if len(text) <= _LONGEST else find(text, *asked)


def _distinct(mentions: tuple[str, ...]) -> tuple[str, ...]:
    return mentions if len(mentions) < 2 else tuple(dict.fromkeys(mentions))


def _actor(raw: bytes, organisation: str) -> Part:
    value, text = read_compactly(raw)
    check_actor(value, "actor")
    named, found, members = facets.of_agent(value, organisation)
    return Part(text, raw.count(_QUOTE), found, named, members)


def _verb(raw: bytes, organisation: str) -> Part:
    """A verb that voids nothing."""
    value, text = read_compactly(raw)
    check_verb(value, "verb")
    if value["id"] == VOIDED:
        raise Unusual
    return Part(text, raw.count(_QUOTE), key(organisation, "verb", value["id"]))


def _object(raw: bytes, organisation: str) -> Part:
    """An activity, or an agent or a group, which has a text in `named` even if it has no identifier."""
    value, text = read_compactly(raw)
    kind = value.get("objectType", "Activity") if type(value) is dict else None
    if kind == "Activity":
        check_activity(value, "object")
        about = key(organisation, "activity", value["id"])
        return Part(text, raw.count(_QUOTE), about, definitions=defined([value]))
    if kind == "Agent" or kind == "Group":
        check_actor(value, "object", findings.OBJECT_AGENT)
        named, found, members = facets.of_agent(value, organisation)
        return Part(text, raw.count(_QUOTE), found, named or kind, members)
    raise Unusual


def _result(raw: bytes) -> Part:
    value, text = read_compactly(raw)
    check_result(value, "result")
    return Part(text, raw.count(_QUOTE))


def _extensions(raw: bytes) -> Part:
    value, text = read_compactly(raw)
    check_extensions(value, "context.extensions")
    return Part(text, raw.count(_QUOTE))


def _authority(raw: bytes) -> Part:
    value, text = read_compactly(raw)
    check_authority(value, "authority")
    return Part(text, raw.count(_QUOTE))


def _context_member(raw: bytes, name: str, version: Version, organisation: str, of_activity: bool) -> Part:
    """One member of a context, by its name; `key` is that of a registration."""
    value, text = read_compactly(raw)
    context = {name: value}
    check_context(context, "context", version, of_activity=of_activity)
    quotes = raw.count(_QUOTE)
    if name == "registration":
        return Part(text, quotes, registration_key(organisation, value))
    mentions = tuple(facets.of_context(context, organisation))
    if name != "contextActivities":
        return Part(text, quotes, mentions=mentions)
    if list_related(value):
        text = orjson.dumps(value)
    return Part(text, quotes, mentions=mentions, definitions=defined(facets.related(context)))


_remembered_actor = lru_cache(_MOST)(_actor)
_remembered_verb = lru_cache(_MOST)(_verb)
_remembered_object = lru_cache(_MOST)(_object)
_remembered_authority = lru_cache(_MOST)(_authority)
_remembered_context_member = lru_cache(_MOST)(_context_member)
