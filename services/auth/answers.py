"""Answers that are bytes already: JSON built in SQL, or once and for all."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from fastapi import Request, Response

from libs.common.paging import Paging, encode_cursor
from libs.common.problems import NotFound


def answer(document: bytes | None, *, status: int = 200) -> Response:
    """One document; None is the absent one, NotFound."""
    if document is None:
        raise NotFound
    headers = {"Cache-Control": "no-store"}
    return Response(document, status_code=status, headers=headers, media_type="application/json")


def page_answer(rows: Sequence[Any], paging: Paging, *, key: Callable[[Any], tuple[Any, ...]]) -> Response:
    """A page of rows whose first column is the item's JSON; one row more than asked tells of a next page."""
    shown = rows[: paging.limit]
    cursor = encode_cursor(*key(shown[-1])) if len(rows) > len(shown) else None
    items = b",".join(row[0] for row in shown)
    body = b'{"items":[' + items + b'],"next":' + orjson.dumps(cursor) + b"}"
    headers = {"Cache-Control": "no-store"}
    if link := paging.link(cursor):
        headers["Link"] = link
    return Response(body, headers=headers, media_type="application/json")


def public_answer(
    request: Request, body: bytes, etag: str, *, seconds: int, media_type: str = "application/json"
) -> Response:
    """What every origin may read and every cache may keep for that long; 304 where it is known already."""
    headers = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={seconds}",
        "Access-Control-Allow-Origin": "*",
    }
    known = next((value for name, value in request.scope["headers"] if name == b"if-none-match"), b"")
    if etag.encode() in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def etag_of(body: bytes) -> str:
    """A strong ETag (RFC 9110, section 8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
