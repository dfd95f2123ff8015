"""A page of documents that came from the database as JSON."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from fastapi import Response

from libs.common.paging import Paging, encode_cursor


def page_of(rows: Sequence[tuple[UUID, bytes]], paging: Paging) -> Response:
    """The envelope around the first of the rows; one more than the limit: there are further ones."""
    shown = rows[: paging.limit]
    cursor = encode_cursor(shown[-1][0]) if len(rows) > paging.limit else None
    body = b'{"items":[' + b",".join(item for _, item in shown) + b'],"next":' + orjson.dumps(cursor) + b"}"
    link = paging.link(cursor)
    return Response(body, media_type="application/json", headers={"Link": link} if link else None)
