"""Files of statements, one JSON object a line, packed with gzip or not; never more than a line in memory."""

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

#: in place of a file: standard input or output
STANDARD: Final = "-"
_GZIP: Final = b"\x1f\x8b"
_PACKED: Final = ".gz"


@dataclass(slots=True)
class Source:
    """A file that is being read: its bytes as they lie on disk, where that is known."""

    raw: BinaryIO
    lines: BinaryIO
    size: int | None

    def done(self) -> int:
        """How many bytes of `size` were read."""
        return self.raw.tell() if self.size is not None else 0


@contextmanager
def opened(file: str) -> Iterator[Source]:
    """The file to read, by its first bytes packed or not."""
    if file == STANDARD:
        yield Source(sys.stdin.buffer, sys.stdin.buffer, None)
        return
    with Path(file).open("rb") as raw:
        packed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        size = Path(file).stat().st_size if Path(file).is_file() else None
        if not packed:
            yield Source(raw, raw, size)
            return
        with gzip.GzipFile(fileobj=raw) as unpacked:
            yield Source(raw, unpacked, size)  # type: ignore[arg-type]  # has what is used of it


def lines(stream: BinaryIO, longest: int) -> Iterator[tuple[int, bytes | None]]:
    """Lines by their number from 1, None in place of one over `longest` bytes; empty ones are left out."""
    number = 0
    while line := stream.readline(longest + 1):
        number += 1
        if len(line) > longest and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = stream.readline(longest + 1)
            yield number, None
        elif not line.isspace():
            yield number, line


@contextmanager
def written(file: str) -> Iterator[BinaryIO]:
    """The file to write, packed if its name ends in .gz; it gets its name when all is in it."""
    if file == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(file)
    unfinished = target.with_name(target.name + ".unfinished")
    with unfinished.open("wb") as raw:
        if target.suffix == _PACKED:
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6) as packed:
                yield packed  # type: ignore[misc]  # has what is used of it
        else:
            yield raw
    unfinished.replace(target)
