"""Proves an export of a record on any machine, with nothing but the file and the bank's public key."""

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import BinaryIO, Final

import orjson

from libs.common.languages import Text
from services.creditbank.ledger.rules import commitment
from services.creditbank.log.notes import NoteBroken, NotSigned, Verifier, open_note
from services.creditbank.xapi.bulk.contents import is_content
from services.creditbank.xapi.carrying.rules import FORMAT, KINDS, Manifest, read_manifest

#: a content of the largest request there is, in base64, and what is around it
LONGEST_LINE: Final = 64 * 1024 * 1024
_HASH_BYTES: Final = 32


_AT_LINE: Final = Text("line {line}: {why}", "第 {line} 行：{why}")
_WHY: Final = {
    "unsigned": Text("no known key signed it", "签名密钥均非已知密钥"),
    "more": Text("there is something behind the manifest", "清单之后还有内容"),
    "altered": Text("the lines are not those that were signed", "内容与签名时不符"),
    "other_learner": Text("the manifest is of another learner", "清单属于另一学习者"),
    "form": Text("not in the documented form", "不符合导出文件的格式说明"),
    "manifest": Text("the manifest does not hold", "清单无效"),
    "cut_off": Text("it ends before its manifest: the export was cut off", "文件在清单之前中断，导出不完整"),
    "entry": Text("not an entry", "不是分录"),
    "commitment": Text("the commitment is not that of the entry", "承诺值与分录不符"),
    "content": Text("the content is not what its hash says", "内容与其散列值不符"),
}


class Broken(Exception):
    """What is wrong with an export, and in which line."""

    def __init__(self, why: str, line: int | None = None) -> None:
        self.text = _WHY[why] if line is None else _AT_LINE.format(line=line, why=_WHY[why])
        super().__init__(self.text.en)


def verify(stream: BinaryIO, trusted: Sequence[Verifier]) -> Manifest:
    """Read the whole export; raises Broken, naming the first line that is not as it was signed."""
    manifest, signed_by = prove(stream, trusted)
    if signed_by is None:
        raise Broken("unsigned")
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
                    raise Broken("more", number + 1)
                if manifest.digest != digest.digest() or manifest.counts != counts:
                    raise Broken("altered")
                if manifest.learner != learner:
                    raise Broken("other_learner")
                return manifest, signed_by
            if (kind == "record") != (number == 1) or (kind == "record" and told["format"] != FORMAT):
                raise Broken("form", number)
            if kind == "record":
                learner = told["learner"]
            elif kind not in KINDS:
                raise Broken("form", number)
            else:
                counts[kind] += 1
            _look_into(number, told)
        except NoteBroken:
            raise Broken("manifest", number) from None
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            raise Broken("form", number) from None
        digest.update(line)
    raise Broken("cut_off")


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
        raise Broken("entry", number)
    if told["kind"] == "entry" and told["salt"] is not None:
        made = commitment(bytes.fromhex(told["salt"]), told["document"])
        if made.hex() != told["commitment"]:
            raise Broken("commitment", number)
    if told["kind"] == "attachment" and not is_content(
        told["sha2"], base64.b64decode(told["content"], validate=True)
    ):
        raise Broken("content", number)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(LONGEST_LINE):
        yield line
