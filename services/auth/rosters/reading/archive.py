"""Opens a roster set, zip or folder, within limits. Nothing is ever unpacked to a path named by the set."""

import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from services.auth.rosters.reading.findings import Findings
from services.auth.rosters.reading.layout import KNOWN_FILES

ENTRIES = 500
UNPACKED_BYTES = 4 * 1024**3
RATIO = 200
RATIO_MATTERS_FROM_BYTES = 1024**2

# What the standard library's zipfile lets through when directory entries are nonsense.
_DAMAGE = (ValueError, IndexError, OverflowError, struct.error)

Opener = Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class SetFiles:
    """The CSV files of a set by their OneRoster name without ``.csv``; opening one may raise on damage."""

    openers: Mapping[str, Opener]
    sizes: Mapping[str, int]

    def names(self) -> list[str]:
        """Give the names of the files that are there, sorted."""
        return sorted(self.openers)

    def open(self, name: str) -> BinaryIO:
        """Open one file for reading bytes; raises BadZipFile when its entry is damaged."""
        try:
            return self.openers[name]()
        except _DAMAGE as error:
            raise zipfile.BadZipFile(name) from error


@dataclass(frozen=True, slots=True)
class _Entry:
    path: PurePosixPath
    size: int
    open: Opener


@contextmanager
def opened(content: Path | BinaryIO, findings: Findings) -> Iterator[SetFiles]:
    """Open a folder or a zip. What is wrong with the package is a finding; such files are left out."""
    if isinstance(content, Path) and content.is_dir():
        yield _select(_folder_entries(content), findings)
        return
    try:
        archive = zipfile.ZipFile(content)
    except (zipfile.BadZipFile, OSError, NotImplementedError, *_DAMAGE):
        findings.add("archive_unreadable")
        yield SetFiles({}, {})
        return
    with archive:
        yield _select(_zip_entries(archive, findings), findings)


def _folder_entries(folder: Path) -> list[_Entry]:
    def opener(file: Path) -> Opener:
        return lambda: file.open("rb")

    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return [
        _Entry(PurePosixPath(file.relative_to(folder).as_posix()), file.stat().st_size, opener(file))
        for file in files[:ENTRIES]
    ]


def _zip_entries(archive: zipfile.ZipFile, findings: Findings) -> list[_Entry]:
    def opener(info: zipfile.ZipInfo) -> Opener:
        return lambda: archive.open(info)  # type: ignore[return-value]

    infos = [info for info in archive.infolist() if info.filename and not info.is_dir()]
    if len(infos) > ENTRIES:
        findings.add("archive_too_many_files", count=len(infos), limit=ENTRIES)
        return []
    if sum(info.file_size for info in infos) > UNPACKED_BYTES:
        findings.add("archive_too_large", limit=UNPACKED_BYTES)
        return []
    return [
        _Entry(PurePosixPath(info.filename), info.file_size, opener(info))
        for info in infos
        if _is_safe(info, findings)
    ]


def _is_safe(info: zipfile.ZipInfo, findings: Findings) -> bool:
    path = PurePosixPath(info.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in info.filename:
        findings.add("archive_path", info.filename)
        return False
    if info.flag_bits & 0x1:
        findings.add("archive_encrypted", info.filename)
        return False
    if info.file_size > RATIO_MATTERS_FROM_BYTES and info.file_size > RATIO * info.compress_size:
        findings.add("archive_bomb", info.filename, limit=RATIO)
        return False
    return True


def _is_litter(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _select(entries: list[_Entry], findings: Findings) -> SetFiles:
    entries = [entry for entry in entries if not _is_litter(entry.path)]
    tables = [entry for entry in entries if entry.path.suffix.lower() == ".csv"]
    if not tables:
        nested = [entry for entry in entries if entry.path.suffix.lower() == ".zip"]
        if not findings.errors:
            findings.add("archive_nested" if nested else "archive_empty")
        return SetFiles({}, {})
    if len({entry.path.parent for entry in tables}) > 1:
        findings.add("archive_ambiguous")
        return SetFiles({}, {})
    for entry in entries:
        if entry not in tables:
            findings.add("file_unknown", entry.path.name)
    return _by_name(tables, findings)


def _by_name(tables: list[_Entry], findings: Findings) -> SetFiles:
    spelling = {name.lower(): name for name in KNOWN_FILES}
    openers: dict[str, Opener] = {}
    sizes: dict[str, int] = {}
    for entry in tables:
        written = entry.path.name[:-4]
        name = spelling.get(written.lower())
        if name is None:
            findings.add("file_unknown", entry.path.name)
        elif name in openers:
            findings.add("file_twice", entry.path.name)
        else:
            if entry.path.name != f"{name}.csv":
                findings.add("file_name_case", entry.path.name, expected=f"{name}.csv")
            openers[name], sizes[name] = entry.open, entry.size
    return SetFiles(openers, sizes)
