"""The files of one log: tiles, which never change, and the checkpoint, which is replaced whole.

A write is durable when it returns: file and folder are synced, and a name never stands for half a file.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from services.creditbank.log.tiles import HASH_BYTES, Tile

_CHECKPOINT: Final = "checkpoint"
_LOCK: Final = ".sequencer"


class TileMissing(Exception):
    """A tile is not there, or is not as long as it must be."""


class TileConflict(Exception):
    """A tile stands there already, with other hashes."""


class LogFiles:
    """Files of the log `name` below a directory."""

    def __init__(self, directory: Path, name: str) -> None:
        self.folder = directory / name
        self._known: set[Path] = set()

    def read(self, tile: Tile) -> bytes:
        """The bytes of a tile; of an incomplete one also from the complete one it became."""
        for one in (tile, tile.whole):
            try:
                data = (self.folder / one.path).read_bytes()
            except FileNotFoundError:
                continue
            if len(data) == one.width * HASH_BYTES:
                return data[: tile.width * HASH_BYTES]
        raise TileMissing(tile.path)

    def checkpoint(self) -> str | None:
        """The published checkpoint, as it stands."""
        try:
            return (self.folder / _CHECKPOINT).read_bytes().decode()
        except FileNotFoundError:
            return None

    def write(self, tiles: Iterable[tuple[Tile, bytes]]) -> None:
        """Write tiles that are not there yet; raises TileConflict where another one is."""
        folders: set[Path] = set()
        for tile, data in tiles:
            path = self.folder / tile.path
            self._make(path.parent)
            folders.add(path.parent)
            try:
                if path.read_bytes() != data:
                    raise TileConflict(tile.path)
            except FileNotFoundError:
                _replace(path, data)
        for folder in folders:
            _sync(folder)

    def publish(self, note: str) -> None:
        """Make a note the log's checkpoint."""
        self._make(self.folder)
        _replace(self.folder / _CHECKPOINT, note.encode())
        _sync(self.folder)

    def forget_partial(self, tiles: Iterable[Tile]) -> None:
        """Remove incomplete forms of tiles that are complete by now."""
        for tile in tiles:
            path = self.folder / tile.path
            shutil.rmtree(path.with_name(f"{path.name}.p"), ignore_errors=True)

    def _make(self, folder: Path) -> None:
        if folder in self._known:
            return
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(exist_ok=True)
            _sync(folder.parent)
        self._known.add(folder)


class DirectoryLock:
    """Held by the one process that writes below a directory; the system ends it with the process."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def acquire(self) -> bool:
        """Whether it is held now."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        os.close(self._descriptor)


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")  # the rest of a crash is nobody's
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(temporary, path)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
