"""The alternate request syntax of xAPI 1.0.3 (part three, 1.3): a whole request within a form."""

from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.types import Message, Receive, Scope

from libs.common.languages import Text
from services.creditbank.xapi.protocol.problems import XapiRequestInvalid
from services.creditbank.xapi.protocol.rules import negotiated
from services.creditbank.xapi.protocol.versions import HEADER, header_of

CLAUSE: Final = "xAPI 1.0.3 Communication 1.3"
_FORM: Final = "application/x-www-form-urlencoded"
_METHODS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE")
#: form fields that are headers; any other but `content` is a query parameter
_HEADERS: Final = frozenset(
    {
        "authorization",
        "x-experience-api-version",
        "content-type",
        "content-length",
        "if-match",
        "if-none-match",
    }
)
#: of the form itself, not of the request within it
_OUTER: Final = frozenset({b"content-type", b"content-length", b"content-encoding", b"transfer-encoding"})
_MOST_FIELDS: Final = 100

_METHOD_ONLY: Final = Text("no other query parameter may stand beside it", "不能与其他查询参数同时使用")
_METHOD: Final = Text("must be GET, PUT, POST, DELETE or HEAD", "必须是 GET、PUT、POST、DELETE 或 HEAD")
_NO_FORM: Final = Text("must be a form in UTF-8", "必须是 UTF-8 编码的表单")
_REPEATED: Final = Text("must come once only", "只能出现一次")
_NO_HEADER: Final = Text("cannot be the value of a header", "不能作为标头的值")
_CONTENT: Final = Text("is required for this method", "此方法必须包含此字段")
_NO_CONTENT: Final = Text("has no place with this method", "此方法不应包含此字段")
_NOT_ANY_MORE: Final = Text("the alternate syntax ended with version 1.0.3", "2.0 版不再支持替代请求语法")


def is_alternate(scope: Scope) -> bool:
    """Whether a request is one within a form."""
    return scope["method"] == "POST" and (
        scope["query_string"].startswith(b"method=") or b"&method=" in scope["query_string"]
    )


def plain(scope: Scope, form: bytes) -> tuple[Scope, bytes]:
    """The request within a form: its scope, and its body; raises XapiRequestInvalid."""
    method = _method(scope)
    kind = (header_of(scope, b"content-type") or "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise _invalid("Content-Type", _NO_FORM)
    headers, content, query = _parted(form)
    named = headers.get("x-experience-api-version") or header_of(scope, HEADER)
    if negotiated(named) == "2.0.0":
        raise XapiRequestInvalid(path="method", clause="IEEE 9274.1.1 4.1.3", reason=_NOT_ANY_MORE)
    if method in ("PUT", "POST") and content is None:
        raise _invalid("content", _CONTENT)
    if method not in ("PUT", "POST") and content:
        raise _invalid("content", _NO_CONTENT)
    body = (content or "").encode()
    if content is not None:
        headers.setdefault("content-type", "application/json")
        headers["content-length"] = str(len(body))
    inner: Scope = {
        **scope,
        "method": method,
        "query_string": urlencode(query).encode(),
        "headers": _merged(scope, headers),
    }
    return inner, body


def receiving(body: bytes, receive: Receive) -> Receive:
    """A channel that gives this body once, then goes on as before."""
    given = False

    async def give() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


def _method(scope: Scope) -> str:
    try:
        pairs = parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise _invalid("method", _METHOD) from None
    if len(pairs) != 1:
        raise _invalid("method", _METHOD_ONLY)
    method: str = pairs[0][1].upper()
    if method not in _METHODS:
        raise _invalid("method", _METHOD)
    return method


def _parted(form: bytes) -> tuple[dict[str, str], str | None, list[tuple[str, str]]]:
    """The headers, the content and the query parameters in a form."""
    try:
        pairs = parse_qsl(form.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise _invalid("body", _NO_FORM) from None
    headers: dict[str, str] = {}
    content: list[str] = []
    query: list[tuple[str, str]] = []
    for name, value in pairs:
        key = name.lower()
        if name == "content":
            content.append(value)
        elif key not in _HEADERS:
            query.append((name, value))
        elif key in headers:
            raise _invalid(name, _REPEATED)
        elif not (value.isascii() and value.isprintable()):
            raise _invalid(name, _NO_HEADER)
        else:
            headers[key] = value.strip()
    if len(content) > 1:
        raise _invalid("content", _REPEATED)
    return headers, content[0] if content else None, query


def _merged(scope: Scope, headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """The form's headers in place of those the request itself has of the same names."""
    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    replaced = _OUTER | {name for name, _ in given}
    return [*(pair for pair in scope["headers"] if pair[0] not in replaced), *given]


def _invalid(path: str, reason: Text) -> XapiRequestInvalid:
    return XapiRequestInvalid(path=path[:100], clause=CLAUSE, reason=reason)
