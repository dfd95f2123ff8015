"""Query parameters: those a resource knows, each at most once and written exactly so (part three, 3.2)."""

from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import Request

from libs.common.languages import Text
from services.creditbank.xapi.protocol.problems import XapiRequestInvalid

CLAUSE: Final = "xAPI 1.0.3 Communication 3.2"
_MOST: Final = 50
_UNKNOWN: Final = Text("is not a parameter of this resource", "不是此资源的参数")
_REPEATED: Final = Text("must come once only", "只能出现一次")
_MISSING: Final = Text("is required", "必填")
_UNREADABLE: Final = Text("must be UTF-8 text without control characters", "必须是不含控制字符的 UTF-8 文本")


def parameters(request: Request, *known: str, required: tuple[str, ...] = ()) -> dict[str, str]:
    """The query's parameters by name; those `required` are known too.

    Raises XapiRequestInvalid for any that is not known, comes twice, or is missing.
    """
    try:
        query = request.scope["query_string"].decode("ascii")
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise _invalid("query", _UNREADABLE) from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known and name not in required:
            raise _invalid(name[:100], _UNKNOWN)
        if name in found:
            raise _invalid(name, _REPEATED)
        if "\0" in value:
            raise _invalid(name, _UNREADABLE)
        found[name] = value
    for name in required:
        if name not in found:
            raise _invalid(name, _MISSING)
    return found


def _invalid(path: str, reason: Text) -> XapiRequestInvalid:
    return XapiRequestInvalid(path=path, clause=CLAUSE, reason=reason)


#: what each parameter is, for the description of the interface
_MEANINGS: Final = {
    "activityId": "IRI of an activity",
    "agent": "an agent as JSON",
    "registration": "UUID of a registration",
    "stateId": "name of the document",
    "profileId": "name of the document",
    "since": "only what was stored or changed after this RFC 3339 time",
}


def described(*known: str, required: tuple[str, ...] = (), **meanings: str) -> dict[str, Any]:
    """`openapi_extra` of a route with these parameters; `meanings` describes further ones."""
    version = {
        "name": "X-Experience-API-Version",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": r"^[12]\.0(\.[0-9]+)?$", "examples": ["1.0.3", "2.0.0"]},
    }
    listed = [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": {**_MEANINGS, **meanings}.get(name, name),
            "schema": {"type": "string"},
        }
        for name in (*required, *known)
    ]
    return {"parameters": [version, *listed]}
