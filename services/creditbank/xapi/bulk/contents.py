"""Contents of attachments beside a file of statements: one file each in a folder, named by its hash."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha224, sha256, sha384, sha512
from pathlib import Path
from typing import Any, Final

from services.creditbank.xapi.statements.multipart import Part

_HASH: Final = re.compile("[0-9a-f]{56,128}")
_HASHES: Final = {56: sha224, 64: sha256, 96: sha384, 128: sha512}


def found(folder: Path, statement: Any, largest: int) -> dict[str, Part]:
    """Contents that the folder has of a statement's attachments, if they are what their names say."""
    parts: dict[str, Part] = {}
    for sha2 in _hashes(statement):
        file = folder / sha2
        if not file.is_file() or file.stat().st_size > largest:
            continue
        content = file.read_bytes()
        if is_content(sha2, content):
            parts[sha2] = Part(sha2, content)
    return parts


def is_content(sha2: str, content: bytes) -> bool:
    """Whether a content has this SHA-2 hash, given in lower case."""
    make = _HASHES.get(len(sha2))
    return make is not None and make(content).hexdigest() == sha2


def keep(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write contents that the folder has not yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for sha2, content in contents.items():
        if not (folder / sha2).exists():
            unfinished = folder / f"{sha2}.unfinished"
            unfinished.write_bytes(content)
            unfinished.replace(folder / sha2)


def _hashes(statement: Any) -> Iterable[str]:
    """What may be hashes in a statement that nobody has judged yet."""
    attachments = statement.get("attachments") if isinstance(statement, dict) else None
    for attachment in attachments if isinstance(attachments, list) else ():
        sha2 = attachment.get("sha2") if isinstance(attachment, dict) else None
        if isinstance(sha2, str) and _HASH.fullmatch(sha2.lower()) and len(sha2) in _HASHES:
            yield sha2.lower()
