"""Answers whose JSON PostgreSQL has built: bytes pass through."""

from typing import Final
from uuid import UUID

from fastapi import Response

from libs.common.paging import Paging, encode_cursor

#: what people read here is theirs alone: no cache between may keep it
PRIVATE: Final = {"Cache-Control": "no-store"}


def json_answer(body: bytes) -> Response:
    """A JSON document as it is."""
    return Response(body, media_type="application/json", headers=PRIVATE)


def page_answer(items: bytes, last: UUID | None, paging: Paging) -> Response:
    """A page (`libs.common.paging.Page`) of items that are already a JSON list; `last` if there are more."""
    return paging.bytes_answer(items, None if last is None else encode_cursor(last), PRIVATE)
