"""Proves an export of a record on any machine, with nothing but the file and the bank's public key."""

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import BinaryIO, Final

import orjson

from services.creditbank.ledger.rules import commitment
from services.creditbank.log.notes import NoteBroken, NotSigned, Verifier, open_note
from services.creditbank.xapi.bulk.contents import is_content
from services.creditbank.xapi.carrying.rules import FORMAT, KINDS, Manifest, read_manifest

#: a content of the largest request there is, in base64, and what is around it
LONGEST_LINE: Final = 64 * 1024 * 1024
_HASH_BYTES: Final = 32


class Broken(Exception):
    """What is wrong with an export, and in which line."""


def verify(stream: BinaryIO, trusted: Sequence[Verifier]) -> Manifest:
    """Read the whole export; raises Broken, naming the first line that is not as it was signed."""
    manifest, signed_by = prove(stream, trusted)
    if signed_by is None:
        raise Broken("no known key signed it")
    return manifest


def prove(stream: BinaryIO, trusted: Sequence[Verifier]) -> tuple[Manifest, str | None]:
    """The manifest of an export that is whole, and the name of a known key that signed it, if one did.

    Raises Broken where the lines are not those the manifest tells of, or a known key's signature is false.
    """
    counts: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    digest = sha256()
    learner = ""
    for number, line in enumerate(_lines(stream), start=1):
        try:
            told = orjson.loads(line)
            kind = told["kind"]
            if kind == "manifest":
                text, signed_by = _opened(told["note"], trusted)
                manifest = read_manifest(text)
                if next(_lines(stream), None) is not None:
                    raise Broken(f"line {number + 1}: there is something behind the manifest")
                if manifest.digest != digest.digest() or manifest.counts != counts:
                    raise Broken("the lines are not those that were signed")
                if manifest.learner != learner:
                    raise Broken("the manifest is of another learner")
                return manifest, signed_by
            if (kind == "record") != (number == 1) or (kind == "record" and told["format"] != FORMAT):
                raise Broken(f"line {number}: not in the documented form")
            if kind == "record":
                learner = told["learner"]
            elif kind not in KINDS:
                raise Broken(f"line {number}: nobody knows the kind {kind!r}")
            else:
                counts[kind] += 1
            _look_into(number, told)
        except NoteBroken as error:
            raise Broken(f"line {number}: the manifest does not hold: {error}") from None
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise Broken(f"line {number}: not in the documented form ({type(error).__name__})") from None
        digest.update(line)
    raise Broken("it ends before its manifest: the export was cut off")


def _opened(note: str, trusted: Sequence[Verifier]) -> tuple[str, str | None]:
    """The text of a note, and which known key signed it."""
    try:
        text = open_note(note, trusted)
    except NotSigned:
        return note.rpartition("\n\n")[0] + "\n", None
    signed = note[len(text) :]
    return text, next(one.name for one in trusted if f" {one.name} " in signed)


def _look_into(number: int, told: dict[str, str]) -> None:
    """What a line proves by itself."""
    if told["kind"] == "entry" and not (
        isinstance(orjson.loads(told["document"]), dict)
        and len(bytes.fromhex(told["commitment"])) == _HASH_BYTES
    ):
        raise Broken(f"line {number}: not an entry")
    if told["kind"] == "entry" and told["salt"] is not None:
        made = commitment(bytes.fromhex(told["salt"]), told["document"])
        if made.hex() != told["commitment"]:
            raise Broken(f"line {number}: the commitment is not that of the entry")
    if told["kind"] == "attachment" and not is_content(
        told["sha2"], base64.b64decode(told["content"], validate=True)
    ):
        raise Broken(f"line {number}: the content is not what its hash says")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(LONGEST_LINE):
        yield line
