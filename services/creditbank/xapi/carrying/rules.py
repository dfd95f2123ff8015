"""The form in which a learner's record is carried away: JSON Lines, the last of them signs the others.

| kind | what it is |
|---|---|
| `record` | the first line: whose record, from where, agents the learner is, and was elsewhere, up to when |
| `statement` | a statement as its store sends it back; `voided` ones too |
| `attachment` | the content of an attachment of a statement before, in base64 |
| `document` | activity state, or a profile of an agent the learner is |
| `entry` | an entry of the books, its document with what opens its commitment |
| `manifest` | a note (C2SP signed-note): how many lines there were of each kind, and their SHA-256 |

What the learner brought from another bank says so in `elsewhere`: its address, and the known key that signed
it, or null. The bank that signs an export vouches for having it, and for nothing more of that.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

FORMAT: Final = "xuebu record 1"
KINDS: Final = ("statement", "attachment", "document", "entry")
_COUNT: Final = re.compile(r"([a-z]+) (0|[1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the note of an export states: counts by kind, and the SHA-256 of all lines before it."""

    learner: str
    exported_at: str
    counts: dict[str, int]
    digest: bytes

    @property
    def text(self) -> str:
        counts = "".join(f"{kind} {count}\n" for kind, count in self.counts.items())
        digest = base64.b64encode(self.digest).decode()
        return f"{FORMAT}\n{self.learner}\n{self.exported_at}\n{digest}\n{counts}"


def read_manifest(text: str) -> Manifest:
    """The manifest a note's text states; raises ValueError."""
    form, learner, exported_at, digest, *counts = text.removesuffix("\n").split("\n")
    if form != FORMAT:
        raise ValueError("another form")
    found = {}
    for line in counts:
        told = _COUNT.fullmatch(line)
        if told is None:
            raise ValueError("not a count")
        found[told[1]] = int(told[2])
    return Manifest(learner, exported_at, found, base64.b64decode(digest, validate=True))


def key_name(public_address: str) -> str:
    """What the key that signs records is called: the bank's address without scheme, and `/record`."""
    parts = urlsplit(public_address)
    return f"{parts.netloc}{parts.path.rstrip('/')}/record"


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in their order, those that touch or overlap as one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found
