"""Proves an export of a record on any machine, with nothing but the file and the bank's public key."""

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import BinaryIO, Final

import orjson

from services.creditbank.ledger.rules import commitment
from services.creditbank.log.notes import NoteBroken, Verifier, open_note
from services.creditbank.xapi.bulk.contents import is_content
from services.creditbank.xapi.carrying.rules import FORMAT, KINDS, Manifest, read_manifest

#: a content of the largest request there is, in base64, and what is around it
LONGEST_LINE: Final = 64 * 1024 * 1024


class Broken(Exception):
    """What is wrong with an export, and in which line."""


def verify(stream: BinaryIO, trusted: Sequence[Verifier]) -> Manifest:
    """Read the whole export; raises Broken, naming the first line that is not as it was signed."""
    counts: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    digest = sha256()
    learner = ""
    for number, line in enumerate(_lines(stream), start=1):
        try:
            told = orjson.loads(line)
            kind = told["kind"]
            if kind == "manifest":
                manifest = read_manifest(open_note(told["note"], trusted))
                if next(_lines(stream), None) is not None:
                    raise Broken(f"line {number + 1}: there is something behind the manifest")
                if manifest.digest != digest.digest() or manifest.counts != counts:
                    raise Broken("the lines are not those that were signed")
                if manifest.learner != learner:
                    raise Broken("the manifest is of another learner")
                return manifest
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


def _look_into(number: int, told: dict[str, str]) -> None:
    """What a line proves by itself."""
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
