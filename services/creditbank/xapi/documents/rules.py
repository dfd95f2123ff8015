"""Documents: their ETags, when one may be written, how JSON objects are merged (part three, 2.2, 3.1)."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from uuid import UUID

from services.creditbank.xapi.protocol.rules import Version

Kind = Literal["state", "agent", "activity"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
Judgement = Literal["go", "failed", "exists", "needed"]

JSON: Final = "application/json"
#: a document of which nobody says what it is (RFC 9110, section 8.3)
UNKNOWN_TYPE: Final = "application/octet-stream"

_SPACE: Final = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What If-Match and If-None-Match say: None for nothing, else tags, of which `*` stands for any."""

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Which document is meant, or which documents: those of one context, `document` then being None."""

    organisation: UUID
    kind: Kind
    activity: str | None
    agent: str | None
    registration: UUID | None
    document: str | None

    @property
    def context(self) -> bytes:
        """32 bytes for what the document belongs to; equal exactly if all of it is."""
        registration = str(self.registration) if self.registration else None
        return _digest(json.dumps([self.kind, self.activity, self.agent, registration]))

    @property
    def name(self) -> bytes:
        """32 bytes for the document's own id."""
        return _digest(self.document or "")

    @property
    def agent_digest(self) -> bytes | None:
        """32 bytes for the agent it is about, if it is about one."""
        return None if self.agent is None else _digest(self.agent)

    @property
    def lock(self) -> int:
        """A number that stands for the document among the locks of the database."""
        whole = hashlib.sha256(self.organisation.bytes + self.context + self.name).digest()
        return int.from_bytes(whole[:8], signed=True)


class NotJson(ValueError):
    """The bytes are not JSON."""


class NotAnObject(NotJson):
    """The bytes are not one JSON object."""


def etag_of(content: bytes) -> str:
    """The SHA-1 of a document in lower-case hexadecimal digits, which version 1.0.3 asks for (3.1)."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def tags_in(header: str | None) -> frozenset[str] | None:
    """The tags in such a header; those that are weak, or not quoted as they should be, count too.

    Ours have no commas in them; any other matches nothing, whole or in parts.
    """
    if header is None:
        return None
    return frozenset(one.strip().removeprefix("W/").strip('"') for one in header.split(","))


def judged(
    method: str, version: Version, kind: Kind, present: str | None, conditions: Conditions
) -> Judgement:
    """Whether a document may be written or deleted now, `present` being its tag, or None if there is none.

    `failed` is answered 412, `exists` 409, `needed` 400. Version 1.0.3 leaves state out of it, and demands
    one of the headers with every PUT of a profile; version 2.0 does so where there is a document already.
    """
    match, none_match = conditions.match, conditions.none_match
    if match is not None and (present is None or not match & {"*", present}):
        return "failed"
    if none_match is not None and present is not None and none_match & {"*", present}:
        return "failed"
    if method != "PUT" or match is not None or none_match is not None:
        return "go"
    if version == "1.0.3" and kind == "state":
        return "go"
    if present is not None:
        return "exists"
    return "needed" if version == "1.0.3" else "go"


def is_json(content_type: str) -> bool:
    """Whether a Content-Type is that of JSON, whatever its parameters."""
    return content_type.partition(";")[0].strip().lower() == JSON


def value_in(content: bytes) -> tuple[str, object]:
    """The text of JSON without what stands around it, and its value, in which all numbers are 0.

    Numbers of any size are JSON; that a name comes twice is the writer's own affair, and the last one counts.
    Raises NotJson.
    """
    try:
        text = content.decode("utf-8-sig").strip(" \t\n\r")
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        raise NotJson from None
    if end != len(text):
        raise NotJson
    return text, value


def members(content: bytes) -> dict[str, str]:
    """The members of a JSON object by name, each as the text it is written as; raises NotJson.

    Values are not understood, so that numbers keep all their digits.
    """
    text, value = value_in(content)
    if not isinstance(value, dict):
        raise NotAnObject
    return _parted(text, value)


def merged(old: bytes, new: bytes) -> bytes:
    """The one object with the members of the other in it, of one name the new one; raises NotJson."""
    return f"{{{','.join((members(old) | members(new)).values())}}}".encode()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _any_number(_digits: str) -> int:
    return 0


_DECODER: Final = json.JSONDecoder(parse_int=_any_number, parse_float=_any_number, parse_constant=_refuse)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _parted(text: str, value: dict[str, Any]) -> dict[str, str]:
    """The texts of an object's members; that it is well formed has been seen before."""
    found: dict[str, str] = {}
    at = _skip(text, 1)
    while len(found) < len(value) or text[at] == '"':
        name, after = _DECODER.raw_decode(text, at)
        _, end = _DECODER.raw_decode(text, _skip(text, _skip(text, after) + 1))
        found[name] = text[at:end]
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found
