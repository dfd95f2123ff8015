"""Reads one CSV file of a set into rows ready to be copied into the staging tables."""

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from services.auth.rosters.reading.findings import Findings
from services.auth.rosters.reading.layout import STAGED, Dialect, Layout
from services.auth.rosters.reading.values import TRUE, Check, Rejected

SAMPLE_BYTES = 65_536
CHUNK_ROWS = 5_000
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
#: findings whose value is a secret, or none at all
_UNSHOWN = frozenset({"required", "password_ignored", "password_hash_refused", "password_hash_none"})
_UTF_16_AND_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


class Chunk(NamedTuple):
    """Some rows in PostgreSQL's COPY text form (empty is NULL), and how many they are."""

    rows: int
    data: bytes


class _Field(NamedTuple):
    position: int
    target: int
    check: Check
    required: bool
    header: str


@dataclass(slots=True)
class TableReader:
    """Reads a file by its layout; every fault is a finding, and what can be staged of a row is."""

    name: str
    layout: Layout
    dialect: Dialect
    findings: Findings

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    def chunks(self, open_: Callable[[], BinaryIO]) -> Iterator[Chunk]:
        """Give the file's rows in chunks; ends early when the file cannot be read on."""
        try:
            with open_() as sampled:
                if not self._is_readable(sampled.read(SAMPLE_BYTES)):
                    return
            with (
                open_() as binary,
                io.TextIOWrapper(binary, "utf-8-sig", "surrogateescape", newline="") as lines,
            ):
                yield from self._rows(lines)
        except DAMAGE:
            self.findings.add("archive_damaged", self.file)

    def _is_readable(self, sample: bytes) -> bool:
        if not sample.strip():
            self.findings.add("header_missing", self.file)
            return False
        if sample.startswith(_UTF_16_AND_32) or sample[:200].count(0) > len(sample[:200]) // 4:
            self.findings.add("encoding_utf16", self.file)
            return False
        decoded = sample.decode("utf-8", "surrogateescape")
        foreign = sum("\udc80" <= character <= "\udcff" for character in decoded)
        # A cut at the sample's end leaves up to three bytes; a few bad bytes are told row by row.
        if foreign <= 3 or foreign <= sum(not character.isascii() for character in decoded) - foreign:
            return True
        self.findings.add("encoding_gb18030" if _is_gb18030(sample) else "encoding_unknown", self.file)
        return False

    def _rows(self, lines: io.TextIOWrapper) -> Iterator[Chunk]:
        reader = csv.reader(lines, strict=True)
        try:
            header = next(reader)
        except (csv.Error, StopIteration) as error:
            self.findings.add("csv_syntax", self.file, 1, reason=str(error) or "empty")
            return
        fields = self._fields([name.strip() for name in header])
        if fields is None:
            return
        width, buffered = len(header), list[str]()
        staged = len(STAGED[self.layout.kind])
        line, ended = reader.line_num, False
        while not ended:
            start = line + 1
            try:
                row = next(reader)
            except StopIteration:
                ended = True
            except csv.Error as error:
                self.findings.add("csv_syntax", self.file, start, reason=str(error))
            else:
                if row and (len(row) == width or self._is_fitted(row, width, start)):
                    buffered.append(self._staged(row, fields, staged, start))
            line = reader.line_num
            if len(buffered) >= CHUNK_ROWS or (ended and buffered):
                yield Chunk(len(buffered), "".join(buffered).encode())
                buffered.clear()

    def _is_fitted(self, row: list[str], width: int, line: int) -> bool:
        """Tell a row of the wrong width, and fit it so that references to it still resolve."""
        if not any(row):
            return False
        self.findings.add("row_width", self.file, line, count=len(row), expected=width)
        row.extend([""] * (width - len(row)))
        return True

    def _staged(self, row: list[str], fields: Sequence[_Field], width: int, line: int) -> str:
        out = [""] * width
        problems: list[tuple[str, str, Rejected]] | None = None
        for position, target, check, required, header in fields:
            value = row[position]
            if value:
                try:
                    value = check(value)
                except Rejected as rejected:
                    problems = [*(problems or ()), (header, value, rejected)]
                    value = rejected.instead
                if target >= 0:
                    out[target] = value
            elif required:
                problems = [*(problems or ()), (header, value, Rejected("required"))]
        if problems:
            self._tell(problems, line, removed=TRUE in out[1:2] and "removed" in STAGED[self.layout.kind])
        joined = "\t".join(out)
        if "\\" in joined:
            joined = joined.replace("\\", "\\\\")
        return f"{line}\t{joined}\n"

    def _tell(self, problems: list[tuple[str, str, Rejected]], line: int, *, removed: bool) -> None:
        for header, value, problem in problems:
            if removed and problem.code == "required" and header != "sourcedId":
                continue  # a row to be removed needs nothing but its identifier
            shown = None if problem.code in _UNSHOWN else value
            self.findings.add(problem.code, self.file, line, header, shown, **problem.values)

    def _fields(self, header: list[str]) -> list[_Field] | None:
        """Match the header with the layout; None when a column that must be there is not."""
        positions: dict[str, int] = {}
        known = {column.header.lower() for column in self.layout.columns}
        for position, written in enumerate(header):
            if positions.setdefault(written.lower(), position) != position and written:
                self.findings.add("column_twice", self.file, 1, written)
        errors = self.findings.errors
        targets = {staged: index for index, staged in enumerate(STAGED[self.layout.kind])}
        fields: list[_Field] = []
        for column in self.layout.columns:
            found = positions.get(column.header.lower())
            if found is None:
                self._tell_absent(column.header, required=column.required)
                continue
            if header[found] != column.header:
                self.findings.add("column_case", self.file, 1, header[found], expected=column.header)
            target = targets[column.staged] if column.staged else -1
            fields.append(_Field(found, target, column.check, column.required, column.header))
        for name, position in positions.items():
            if name and name not in known and not name.startswith("metadata."):
                self.findings.add("column_unknown", self.file, 1, header[position])
        return fields if self.findings.errors == errors else None

    def _tell_absent(self, header: str, *, required: bool) -> None:
        if required:
            self.findings.add("column_missing", self.file, 1, header)
        elif self.dialect is not Dialect.SDS and not header.startswith("metadata."):
            self.findings.add("column_absent", self.file, 1, header)


def _is_gb18030(sample: bytes) -> bool:
    for cut in range(4):
        try:
            sample[: len(sample) - cut].decode("gb18030")
        except UnicodeDecodeError:
            continue
        return True
    return False
