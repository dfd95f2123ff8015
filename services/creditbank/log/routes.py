"""The public log over HTTP (C2SP tlog-tiles), and a learner's proof of an entry."""

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.problems import NotFound
from services.creditbank.callers import Learner
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log import service
from services.creditbank.log.rules import NAME_PATTERN
from services.creditbank.log.schemas import (
    ConsistencyProof,
    EntryProof,
    InclusionProof,
    LogKey,
    PublicLog,
    PublicLogs,
)
from services.creditbank.log.service import LogReader
from services.creditbank.log.tiles import read_path

router = APIRouter(tags=["log"])

_LARGEST: Final = 2**62
#: pages of any origin may read what is public
_ANYBODY: Final = {"Access-Control-Allow-Origin": "*"}
_FOR_EVER: Final = {**_ANYBODY, "Cache-Control": "public, max-age=31536000, immutable"}
_FOR_A_MOMENT: Final = {**_ANYBODY, "Cache-Control": "public, max-age=1"}
_FOR_A_MINUTE: Final = {**_ANYBODY, "Cache-Control": "public, max-age=60"}

Name = Annotated[str, Path(pattern=NAME_PATTERN, description="name of a log")]
Number = Annotated[int, Query(ge=0, le=_LARGEST)]


async def _reader(request: Request) -> LogReader:
    reader: LogReader = request.app.state.log_reader
    return reader


async def _keys(request: Request) -> KeyRing:
    keys: KeyRing = request.app.state.shred_keys
    return keys


Reader = Annotated[LogReader, Depends(_reader)]
Keys = Annotated[KeyRing, Depends(_keys)]


def _content(media_type: str, what: str) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "string"} if media_type.startswith("text/") else {"type": "string", "format": "binary"}
    return {200: {"description": what, "content": {media_type: {"schema": schema}}}}


def _base64(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(one).decode() for one in hashes]


@router.get("/logs", summary="The public logs and their keys")
async def read_logs(request: Request, response: Response, database: DatabaseOf) -> PublicLogs:
    """Open to anybody. Keep a verifier key from elsewhere, too: this answer is not signed."""
    response.headers.update(_FOR_A_MINUTE)
    base = request.app.state.settings.public_address
    return PublicLogs(
        logs=[
            PublicLog(
                name=log.name,
                origin=log.origin,
                address=f"{base}/log/{log.name}",
                begun_at=log.begun_at,
                size=log.size,
                succession=log.succession,
                keys=[
                    LogKey(verifier=key.verifier, added_at=key.added_at, retired_at=key.retired_at)
                    for key in log.keys
                ],
            )
            for log in await service.published(database.pool)
        ]
    )


@router.get(
    "/log/{name}/checkpoint",
    summary="A log's signed state",
    response_class=Response,
    responses=_content("text/plain", "A checkpoint (C2SP tlog-checkpoint)"),
)
async def read_checkpoint(name: Name, reader: Reader) -> Response:
    """Open to anybody; a new one comes within seconds of every posting."""
    note = await reader.checkpoint(name)
    return Response(note, media_type="text/plain; charset=utf-8", headers=_FOR_A_MOMENT)


@router.get(
    "/log/{name}/tile/{level}/{tile:path}",
    summary="Hashes of a log's tree",
    response_class=Response,
    responses=_content("application/octet-stream", "1 to 256 hashes of 32 bytes"),
)
async def read_tile(name: Name, level: str, tile: str, reader: Reader) -> Response:
    """Open to anybody, and never changing. `tile` is <N> or <N>.p/<W> of C2SP tlog-tiles: x001/x234/067.

    Entry bundles are not served: an entry of this log is a salted hash, and its leaf tile follows from it.
    """
    named = read_path(level, tile)
    if named is None:
        raise NotFound
    data = await reader.tile(name, named)
    return Response(data, media_type="application/octet-stream", headers=_FOR_EVER)


@router.get("/log/{name}/inclusion", summary="That a leaf is in a tree")
async def read_inclusion(
    name: Name,
    reader: Reader,
    response: Response,
    leaf: Annotated[Number, Query(description="its number, from 0")],
    size: Annotated[
        Number | None, Query(description="leaves of the tree; default: the published one")
    ] = None,
) -> InclusionProof:
    """Open to anybody; the same can be made of tiles."""
    found, hashes = await reader.inclusion(name, leaf, size)
    response.headers.update(_FOR_A_MOMENT if size is None else _FOR_EVER)
    return InclusionProof(leaf=leaf, size=found, hashes=_base64(hashes))


@router.get("/log/{name}/consistency", summary="That a tree is the beginning of another")
async def read_consistency(
    name: Name,
    reader: Reader,
    response: Response,
    old: Annotated[int, Query(ge=1, le=_LARGEST, description="leaves of the older tree")],
    new: Annotated[int, Query(ge=1, le=_LARGEST, description="leaves of the newer tree")],
) -> ConsistencyProof:
    """Open to anybody; the same can be made of tiles."""
    hashes = await reader.consistency(name, old, new)
    response.headers.update(_FOR_EVER)
    return ConsistencyProof(old=old, new=new, hashes=_base64(hashes))


@router.get("/v1/accounts/me/entries/{entry}/proof", summary="Proof of an entry of mine")
async def prove_entry(
    entry: UUID, caller: Learner, database: DatabaseOf, reader: Reader, keys: Keys
) -> EntryProof:
    """What shows anybody, without asking the bank, that the entry stands in its log as the document says.

    Whoever gets the document and the salt can read the entry; hand them on as you would the entry itself.
    """
    opened = await service.opening(database.pool, reader, keys, entry, learner=caller.subject)
    return EntryProof(
        entry=opened.entry,
        scheme=opened.scheme,
        sequence=opened.sequence,
        document=opened.document,
        salt=opened.salt.hex(),
        commitment=opened.commitment.hex(),
        log=opened.log,
        leaf=opened.leaf,
        proof=opened.proof,
    )
