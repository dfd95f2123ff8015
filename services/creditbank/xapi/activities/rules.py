"""Definitions as PostgreSQL can keep them."""

import json
from typing import Any, Final

_NULL: Final = b"\\u0000"


def storable(definition: bytes) -> bytes:
    """The JSON of a definition without the character NUL, which jsonb does not take."""
    if _NULL not in definition:
        return definition
    return json.dumps(_without_null(json.loads(definition))).encode()


def _without_null(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_null(one) for one in value]
    if isinstance(value, dict):
        return {name.replace("\0", ""): _without_null(one) for name, one in value.items()}
    return value
