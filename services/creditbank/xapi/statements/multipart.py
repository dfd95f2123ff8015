"""`multipart/mixed` both ways: statements first, then the content of attachments (part three, 1.5.2)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha224, sha256, sha384, sha512
from typing import Final
from uuid import uuid4

from libs.common.languages import Text

CLAUSE: Final = "xAPI 1.0.3 Communication 1.5.2"
_BOUNDARY: Final = re.compile(r';\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_LONGEST_BOUNDARY: Final = 100
_MOST_PARTS: Final = 2000
_HASHES: Final = {56: sha224, 64: sha256, 96: sha384, 128: sha512}

_NO_BOUNDARY: Final = Text("must name the boundary between the parts", "必须指明分隔各部分的 boundary")
_NO_PARTS: Final = Text(
    "must consist of parts between the named boundary", "必须由指定 boundary 分隔的部分组成"
)
_FIRST: Final = Text("the first part must be application/json", "第一部分必须为 application/json")
_ENCODING: Final = Text("must be binary", "必须为 binary")
_NO_HASH: Final = Text("is required", "必填")
_WRONG_HASH: Final = Text("is not the SHA-2 hash of the part's content", "与该部分内容的 SHA-2 散列值不符")
_MANY: Final = Text("has too many parts", "部分过多")


class BadMultipart(Exception):
    """The body is not what the standard asks for; `path` says where."""

    def __init__(self, path: str, reason: Text) -> None:
        super().__init__(path)
        self.path, self.reason = path, reason


@dataclass(frozen=True, slots=True)
class Part:
    """The content of an attachment, `sha2` in lower case, and what its headers say of it."""

    sha2: str
    content: bytes
    media_type: str = ""
    length: int | None = None


def read(content_type: str, body: bytes) -> tuple[bytes, dict[str, Part]]:
    """The JSON of the first part, and the other parts by their hashes, each proved; raises BadMultipart."""
    boundary = _BOUNDARY.search(content_type)
    named = (boundary[1] or boundary[2]) if boundary else ""
    if not named or len(named) > _LONGEST_BOUNDARY:
        raise BadMultipart("Content-Type", _NO_BOUNDARY)
    parts = _split(body, b"--" + re.sub(r"\\(.)", r"\1", named).encode("latin-1"))
    headers, first = parts[0]
    if _media_type(headers.get("content-type", "")) != "application/json":
        raise BadMultipart("parts[0].Content-Type", _FIRST)
    found: dict[str, Part] = {}
    for number, (headers, content) in enumerate(parts[1:], start=1):
        if headers.get("content-transfer-encoding", "").lower() != "binary":
            raise BadMultipart(f"parts[{number}].Content-Transfer-Encoding", _ENCODING)
        sha2 = headers.get("x-experience-api-hash", "").lower()
        at = f"parts[{number}].X-Experience-API-Hash"
        if not sha2:
            raise BadMultipart(at, _NO_HASH)
        if not is_hash_of(sha2, content):
            raise BadMultipart(at, _WRONG_HASH)
        length = headers.get("content-length", "")
        found[sha2] = Part(
            sha2, content, headers.get("content-type", ""), int(length) if _is_length(length) else None
        )
    return first, found


def is_hash_of(sha2: str, content: bytes) -> bool:
    """Whether hexadecimal digits are the SHA-2 hash of the content, of the kind their number tells."""
    algorithm = _HASHES.get(len(sha2))
    return algorithm is not None and algorithm(content).hexdigest() == sha2.lower()


def write(document: bytes, attachments: Iterable[tuple[str, str, bytes]]) -> tuple[str, bytes]:
    """Content type and body of an answer; attachments by hash, media type and content."""
    boundary = f"xuebu-{uuid4().hex}"
    pieces = [f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode(), document]
    for sha2, media_type, content in attachments:
        pieces.append(
            f"\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: binary\r\n"
            f"X-Experience-API-Hash: {sha2}\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        )
        pieces.append(content)
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    return f"multipart/mixed; boundary={boundary}", b"".join(pieces)


def _split(body: bytes, delimiter: bytes) -> list[tuple[Mapping[str, str], bytes]]:
    """The parts between delimiter lines (RFC 2046, 5.1.1). Lines end in CRLF; in LF if the first does."""
    start = 0 if body.startswith(delimiter) else body.find(b"\n" + delimiter) + 1
    if start == 0 and not body.startswith(delimiter):
        raise BadMultipart("body", _NO_PARTS)
    line_end = b"\r\n" if body[start + len(delimiter) :].lstrip(b" \t").startswith(b"\r\n") else b"\n"
    pieces = (line_end + body[start:]).split(line_end + delimiter, _MOST_PARTS + 2)[1:]
    if len(pieces) > _MOST_PARTS + 1:
        raise BadMultipart("body", _MANY)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise BadMultipart("body", _NO_PARTS)
    return [_part(piece, line_end) for piece in pieces[:-1]]


def _part(piece: bytes, line_end: bytes) -> tuple[Mapping[str, str], bytes]:
    padding, found, rest = piece.partition(line_end)
    if padding.strip(b" \t") or not found:
        raise BadMultipart("body", _NO_PARTS)
    if rest.startswith(line_end):  # no headers at all
        return {}, rest[len(line_end) :]
    head, found, content = rest.partition(line_end * 2)
    if not found:
        raise BadMultipart("body", _NO_PARTS)
    headers = {}
    for line in head.split(line_end):
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise BadMultipart("body", _NO_PARTS)
        headers[name.strip().lower()] = value.strip()
    return headers, content


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()
