"""Tiles (C2SP tlog-tiles): 256 hashes of one level in a file, named by where they stand. Pure.

Level l holds hashes of complete subtrees of 256^l leaves. What is here never changes once it is complete.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from services.creditbank.log.merkle import EMPTY_ROOT, root_of

WIDTH: Final = 256
HASH_BYTES: Final = 32
_HEIGHT: Final = 8
_PATH: Final = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
#: more levels than 2^63 leaves have
_MOST_LEVELS: Final = 8


class Tile(NamedTuple):
    """One tile; `width` is 256 when it is complete."""

    level: int
    number: int
    width: int

    @property
    def path(self) -> str:
        """Below the log's address: tile/<L>/<N>[.p/<W>]."""
        digits = f"{self.number:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[n : n + 3] for n in range(0, len(digits), 3)]
        name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        return f"tile/{self.level}/{name}" + ("" if self.width == WIDTH else f".p/{self.width}")

    @property
    def whole(self) -> "Tile":
        return self._replace(width=WIDTH)


def read_path(level: str, rest: str) -> Tile | None:
    """The tile a path names; None unless it is in the one form a tile has."""
    found = _PATH.fullmatch(rest)
    if found is None or not re.fullmatch(r"[0-9]|[1-5][0-9]|6[0-3]", level):
        return None
    width = int(found[2]) if found[2] else WIDTH
    tile = Tile(int(level), int(found[1].replace("x", "").replace("/", "")), width)
    is_partial = found[2] is not None
    if (is_partial and width >= WIDTH) or not tile.path.endswith(f"/{rest}"):
        return None
    return tile


def width_at(level: int, number: int, size: int) -> int:
    """How many hashes this tile has in the tree of `size` leaves; 0 if it is not in it."""
    return max(0, min(WIDTH, (size >> (_HEIGHT * level)) - number * WIDTH))


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of the tree, level by level."""
    for level in range(_MOST_LEVELS):
        hashes = size >> (_HEIGHT * level)
        for number in range(hashes // WIDTH):
            yield Tile(level, number, WIDTH)
        if hashes % WIDTH:
            yield Tile(level, hashes // WIDTH, hashes % WIDTH)


def hashes_of(data: bytes) -> list[bytes]:
    """The hashes in a tile's bytes."""
    return [data[n : n + HASH_BYTES] for n in range(0, len(data), HASH_BYTES)]


def subtrees(read: Callable[[Tile], bytes], size: int) -> Callable[[int, int], bytes]:
    """Hashes of complete subtrees, from the tiles of the tree of `size` leaves."""

    def subtree(level: int, number: int) -> bytes:
        tile_level, height = divmod(level, _HEIGHT)
        first = number << height
        within = first % WIDTH
        tile = Tile(tile_level, first // WIDTH, width_at(tile_level, first // WIDTH, size))
        data = read(tile)[within * HASH_BYTES : (within + (1 << height)) * HASH_BYTES]
        return root_of(hashes_of(data))

    return subtree


@dataclass
class Edge:
    """The right edge of a growing tree: what its incomplete tiles hold, level by level."""

    size: int = 0
    levels: list[list[bytes]] = field(default_factory=list)

    def append(self, leaves: Sequence[bytes]) -> list[tuple[Tile, bytes]]:
        """Add hashes of leaves; returns the tiles that became complete, with their bytes."""
        complete: list[tuple[Tile, bytes]] = []
        position = 0
        while position < len(leaves):
            row = self._level(0)
            taken = leaves[position : position + WIDTH - len(row)]
            row.extend(taken)
            position += len(taken)
            self.size += len(taken)
            self._carry(complete)
        return complete

    def _carry(self, complete: list[tuple[Tile, bytes]]) -> None:
        level = 0
        while level < len(self.levels) and len(self.levels[level]) == WIDTH:
            number = (self.size >> (_HEIGHT * (level + 1))) - 1
            complete.append((Tile(level, number, WIDTH), b"".join(self.levels[level])))
            self._level(level + 1).append(root_of(self.levels[level]))
            self.levels[level] = []
            level += 1

    def _level(self, level: int) -> list[bytes]:
        while len(self.levels) <= level:
            self.levels.append([])
        return self.levels[level]

    def partial(self) -> list[tuple[Tile, bytes]]:
        """The incomplete tiles of the tree as it stands, with their bytes."""
        return [
            (Tile(level, self.size >> (_HEIGHT * (level + 1)), len(row)), b"".join(row))
            for level, row in enumerate(self.levels)
            if row
        ]

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        ragged: bytes | None = None
        for row in self.levels:
            if row:
                ragged = root_of([*row, ragged] if ragged is not None else row)
        return EMPTY_ROOT if ragged is None else ragged


def edge_of(read: Callable[[Tile], bytes], size: int) -> Edge:
    """The right edge of the tree of `size` leaves, from its incomplete tiles."""
    edge = Edge(size)
    for level in range(_MOST_LEVELS):
        number, width = divmod(size >> (_HEIGHT * level), WIDTH)
        if size >> (_HEIGHT * level):
            edge.levels.append(hashes_of(read(Tile(level, number, width))) if width else [])
    return edge
