"""Strict JSON: every name once in an object (Data 2.2), and UTF-8 throughout."""

import json
from typing import Any

import orjson

_QUOTE = b'"'
_ESCAPED = b"\\u0022"


class NotJson(ValueError):
    """The bytes are not JSON, or an object in it has a name twice."""


def read_json(raw: bytes) -> Any:
    """The value of a JSON text; raises NotJson."""
    return read_compactly(raw)[0]


def read_compactly(raw: bytes) -> tuple[Any, bytes]:
    """The value of a JSON text, and the text without needless spaces; raises NotJson.

    The fast parser silently keeps the last of several members with one name. Written anew the value then has
    fewer quotation marks. Only if their number differs, or some are escaped in a way the writer does not use,
    is the text read by the slow parser, which sees every member.
    """
    try:
        value = orjson.loads(raw)
        written = orjson.dumps(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise NotJson("not JSON, or nested too deeply") from error
    if written.count(_QUOTE) != raw.count(_QUOTE) or _ESCAPED in raw:
        _refuse_repeated_names(raw)
    return value, written


def _refuse_repeated_names(raw: bytes) -> None:
    def members(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            raise NotJson("a name comes twice")

    try:
        json.loads(raw, object_pairs_hook=members)
    except RecursionError as error:
        raise NotJson("nested too deeply") from error
