"""The stylesheet and the icon: named by their content, so that browsers keep them for ever."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response

from libs.common.problems import NotFound

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of ours under the name it is served by."""

    content: bytes
    media_type: str


def _named() -> tuple[dict[str, str], dict[str, Asset]]:
    """The address of each file, and each file by its served name."""
    addresses, assets = {}, {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            name = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:16]}{path.suffix}"
            addresses[path.name] = f"/static/{name}"
            assets[name] = Asset(content, _TYPES[path.suffix])
    return addresses, assets


ADDRESSES, _ASSETS = _named()

router: Final = APIRouter(include_in_schema=False)


@router.get("/static/{name}")
async def serve(name: str) -> Response:
    """One file; only names that we gave exist."""
    asset = _ASSETS.get(name)
    if asset is None:
        raise NotFound
    return Response(asset.content, headers=_HEADERS, media_type=asset.media_type)
