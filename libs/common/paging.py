"""Lists: one envelope, keyset cursors, and the next page's address in a Link header (RFC 8288)."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from libs.common.languages import Text
from libs.common.problems import InvalidRequest

Item = TypeVar("Item")
DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200


class InvalidCursor(InvalidRequest):
    """The cursor is not one that this list gave out."""

    title = Text("The cursor is not valid", "游标无效")
    detail = Text("Begin again without a cursor.", "请不带游标重新开始。")


class Page(BaseModel, Generic[Item]):
    """A part of a list. `next` is the cursor of the following part, null at the end."""

    items: list[Item]
    next: str | None


def encode_cursor(*key: Any) -> str:
    """The opaque cursor for the key of the last item shown (texts, numbers, null)."""
    return base64.urlsafe_b64encode(json.dumps(key, default=str).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *types: type) -> tuple[Any, ...]:
    """The key inside a cursor, each part made by its type; refuses what no list gave out."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = json.loads(raw)
        if not isinstance(key, list) or len(key) != len(types):
            raise InvalidCursor
        return tuple(_part(make, part) for make, part in zip(types, key, strict=True))
    except (binascii.Error, AttributeError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidCursor from error


def _part(make: type, part: Any) -> Any:
    if not isinstance(part, (str, int)) or isinstance(part, bool):
        raise InvalidCursor
    if isinstance(part, str) and b"\0" in part.encode():  # a lone surrogate has no bytes: ValueError
        raise InvalidCursor
    if make is int and not -(2**63) <= int(part) < 2**63:
        raise InvalidCursor
    return make(part)


class Paging:
    """What a caller asked for: at most `limit` items after `cursor`."""

    def __init__(self, request: Request, response: Response, cursor: str | None, limit: int) -> None:
        self._request = request
        self._response = response
        self.cursor = cursor
        self.limit = limit

    def after(self, *types: type) -> tuple[Any, ...] | None:
        """The key to go on after, or None for the first page."""
        return None if self.cursor is None else decode_cursor(self.cursor, *types)

    def link(self, next_cursor: str | None) -> str | None:
        """The value of the Link header for the next page."""
        if next_cursor is None:
            return None
        address = self._request.url.include_query_params(cursor=next_cursor, limit=self.limit)
        return f'<{address.path}?{address.query}>; rel="next"'

    def page(self, items: list[Item], next_cursor: str | None) -> Page[Item]:
        """The envelope, with the Link header set on the response."""
        link = self.link(next_cursor)
        if link:
            self._response.headers["Link"] = link
        return Page(items=items, next=next_cursor)

    def answer(
        self,
        rows: Sequence[Any],
        *,
        key: Callable[[Any], tuple[Any, ...]] = lambda row: tuple(row[1:]),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The envelope as bytes around rows whose first column is an item's JSON, the others its key.

        One row more than `limit` tells that there is a next page.
        """
        shown = rows[: self.limit]
        cursor = encode_cursor(*key(shown[-1])) if len(rows) > len(shown) else None
        return self.bytes_answer(b"[" + b",".join(row[0] for row in shown) + b"]", cursor, headers)

    def bytes_answer(
        self, items: bytes, next_cursor: str | None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """The envelope as bytes around a list that is JSON already."""
        body = b'{"items":' + items + b',"next":' + orjson.dumps(next_cursor) + b"}"
        response = Response(body, headers=dict(headers or {}), media_type="application/json")
        if link := self.link(next_cursor):
            response.headers["Link"] = link
        return response


async def _paging(
    request: Request,
    response: Response,
    cursor: Annotated[str | None, Query(max_length=500, description="where the page before ended")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> Paging:
    return Paging(request, response, cursor, limit)


PagingOf = Annotated[Paging, Depends(_paging)]
