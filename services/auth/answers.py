"""Answers that are bytes already: JSON built in SQL, or once and for all."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from fastapi import Request, Response

from libs.common.paging import Paging
from libs.common.problems import NotFound

#: what people read here is theirs alone: no cache between may keep it
PRIVATE: Final = {"Cache-Control": "no-store"}


def answer(document: bytes | None, *, status: int = 200) -> Response:
    """One document; None is the absent one, NotFound."""
    if document is None:
        raise NotFound
    return Response(document, status_code=status, headers=PRIVATE, media_type="application/json")


def page_answer(rows: Sequence[Any], paging: Paging, *, key: Callable[[Any], tuple[Any, ...]]) -> Response:
    """A page of rows (`libs.common.paging.Paging.answer`) for nobody but the caller."""
    return paging.answer(rows, key=key, headers=PRIVATE)


class _Ready(Response):
    """An answer whose headers are as they go out; to make them costs more than all the rest of it."""

    def __init__(self, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = list(headers)


def public_answer(
    request: Request, body: bytes, etag: str, *, seconds: int, media_type: str = "application/json"
) -> Response:
    """What every origin may read and every cache may keep for that long; 304 where it is known already."""
    known = next((value for name, value in request.scope["headers"] if name == b"if-none-match"), b"")
    if etag.encode() in known:
        return _Ready(304, b"", _public_headers(etag, seconds))
    return _Ready(200, body, _public_headers(etag, seconds, media_type, len(body)))


@cache
def _public_headers(
    etag: str, seconds: int, media_type: str | None = None, length: int = 0
) -> Sequence[tuple[bytes, bytes]]:
    """As many different ones as there are public documents in the life of a process: a handful."""
    headers = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={seconds}",
        "Access-Control-Allow-Origin": "*",
    }
    if media_type is None:
        return Response(status_code=304, headers=headers).raw_headers
    return Response(bytes(length), headers=headers, media_type=media_type).raw_headers


def etag_of(body: bytes) -> str:
    """A strong ETag (RFC 9110, section 8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
