"""What a `more` link says: the whole query and where the page before ended, signed.

It needs no memory of ours, so that it survives restarts, and tells nobody whom was asked for: agents are in
it as keys. The signature keeps others from asking for keys of their own making.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import orjson

from services.creditbank.xapi.statements.filters import Filters

_TAG_BYTES: Final = 12
_PURPOSE: Final = b"xuebu creditbank xapi more"
#: members of a link, in the order they are written
_FIELDS: Final = tuple(Filters.__dataclass_fields__)
_members: Final = attrgetter(*_FIELDS)


@dataclass(frozen=True, slots=True)
class Cursor:
    """One query, up to its next page."""

    filters: Filters
    after: int
    format: str
    attachments: bool


class CursorUnknown(Exception):
    """The text is no link of ours for this organisation."""


class Cursors:
    """Writes and reads links; `secret` is the same after a restart."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, "sha256")

    def write(self, cursor: Cursor, organisation: UUID) -> str:
        said = orjson.dumps([cursor.after, cursor.format, cursor.attachments, *_members(cursor.filters)])
        return base64.urlsafe_b64encode(self._tag(said, organisation) + said).decode().rstrip("=")

    def read(self, text: str, organisation: UUID) -> Cursor:
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError) as error:
            raise CursorUnknown from error
        tag, said = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(said, organisation)):
            raise CursorUnknown
        after, form, attachments, *members = orjson.loads(said)
        if len(members) != len(_FIELDS):
            raise CursorUnknown
        told: dict[str, Any] = dict(zip(_FIELDS, members, strict=True))
        return Cursor(Filters(**told), after, form, attachments)

    def _tag(self, said: bytes, organisation: UUID) -> bytes:
        return hmac.digest(self._key, organisation.bytes + said, "sha256")[:_TAG_BYTES]
