"""Rows of a file, read a part at a time. Whatever stands in it, a row becomes an item or says why not."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import IO, Final
from uuid import UUID

from services.creditbank.deposits.reading import ItemInvalid, read_item
from services.creditbank.deposits.rules import Item
from services.creditbank.files.rules import MOST_ROWS, PART, Profile, Row
from services.creditbank.files.subjects import SubjectReader
from services.creditbank.files.values import Fault, amount, checked, day
from services.creditbank.spreadsheets import written

_DELIMITERS: Final = (",", ";", "\t")
_LONGEST_LINE: Final = 65_536
_LONGEST_ROW: Final = 4 * _LONGEST_LINE
#: with empty rows: spreadsheets write as many as they have
_MOST_LINES: Final = 2 * 1_048_576
#: a row in which something follows a closing quotation mark
_BROKEN: Final = ["?"]
_CONTROLS: Final = re.compile("[\x00-\x1f]")


class FileRefused(Exception):
    """The whole file is of no use; `line` is where that shows."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class FileReader:
    """Reads `content`, which stands at its beginning; `position` is how many bytes have been read."""

    def __init__(self, content: IO[bytes], profile: Profile, encoding: str) -> None:
        self._content = content
        # Kept: it closes what it wraps when nobody holds it any more.
        self._text = io.TextIOWrapper(content, "utf-8-sig" if encoding == "utf-8" else encoding, newline="")
        self._rows = self._lines(self._text) if profile.form == "lines" else _table(self._text, profile)

    @property
    def position(self) -> int:
        return self._content.tell()

    def next_part(self) -> list[Row]:
        """The next rows, none at the end; raises FileRefused."""
        try:
            return list(islice(self._rows, PART))
        except UnicodeDecodeError:
            raise FileRefused("not_text") from None

    def _lines(self, text: IO[str]) -> Iterator[Row]:
        number = 0
        for number, line in enumerate(iter(lambda: text.readline(_LONGEST_LINE), ""), start=1):
            if len(line) >= _LONGEST_LINE:
                raise FileRefused("row_endless", number)
            if number > MOST_ROWS:
                raise FileRefused("too_many_rows", number)
            if line.strip():
                yield _document(number, line)
        if not number:
            raise FileRefused("empty")


def _document(number: int, line: str) -> Row:
    try:
        item = read_item(line.encode())
    except ItemInvalid as error:
        return Row(number, None, None, "value_invalid" if error.field else "row_malformed", error.field)
    except UnicodeEncodeError:
        return Row(number, None, None, "row_malformed")
    return Row(number, item.key, item)


def _table(text: IO[str], profile: Profile) -> Iterator[Row]:
    """The rows of a CSV file with a header, whichever of the usual delimiters it has."""
    header_line = text.readline(_LONGEST_LINE)
    if not header_line.strip():
        raise FileRefused("empty")
    delimiter = profile.delimiter or max(_DELIMITERS, key=header_line.count)
    header = [cell.strip() for cell in next(csv.reader([header_line], delimiter=delimiter))]
    named = [cell for cell in header if cell]
    if len(set(named)) < len(named):
        raise FileRefused("columns_repeated", 1)
    read = _reader(profile, frozenset(named))
    lines = _Lines(text)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    count, before = 0, 0
    while True:
        try:
            cells = next(rows, None)
        except csv.Error:
            if lines.are_over or lines.in_row > csv.field_size_limit():
                raise FileRefused("row_endless", before + 2) from None
            cells = _BROKEN
        if cells is None:
            return
        line, before = before + 2, rows.line_num
        lines.in_row = 0
        if not any(cells):
            continue
        count += 1
        if count > MOST_ROWS:
            raise FileRefused("too_many_rows", line)
        if cells is _BROKEN or (len(cells) > len(header) and any(cells[len(header) :])):
            yield Row(line, None, None, "row_malformed")
        else:
            values = {name: written(cell) for name, cell in zip(header, cells, strict=False)}
            yield from read(line, values)


class _Lines:
    """The lines of a table after its header: no line, no row of several and no table is endless."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._count = 0
        #: characters of the row under way
        self.in_row = 0
        #: whether the last line was read: a row that wants more has no end
        self.are_over = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(_LONGEST_LINE)
        if not line:
            self.are_over = True
            raise StopIteration
        self._count += 1
        self.in_row += len(line)
        if len(line) >= _LONGEST_LINE or self.in_row > _LONGEST_ROW:
            raise FileRefused("row_endless", self._count + 1)
        if self._count > _MOST_LINES:
            raise FileRefused("too_many_rows", self._count + 1)
        return line


def _reader(profile: Profile, header: frozenset[str]) -> "PlainReader | SubjectReader":
    reader = PlainReader(profile, header) if profile.form == "rows" else SubjectReader(profile, header)
    if not reader.is_usable:
        raise FileRefused("columns_missing", 1)
    return reader


class PlainReader:
    """Reads a row that is an item."""

    def __init__(self, profile: Profile, header: frozenset[str]) -> None:
        self._profile = profile
        self._columns = {name: column for name, column in profile.columns.items() if column in header}
        have = self._columns.keys()
        self.is_usable = (
            {"credits", "earned_on"} <= have
            and bool({"learner", "learner_id"} & have)
            and bool({"course", "course_id"} & have)
        )

    def __call__(self, line: int, values: Mapping[str, str]) -> Iterator[Row]:
        found = {name: values.get(column, "") for name, column in self._columns.items()}
        try:
            yield self._item(line, found)
        except Fault as fault:
            column = self._columns.get(fault.field, fault.field)
            yield Row(line, _clean_key(found), None, fault.reason, column)

    def _item(self, line: int, found: dict[str, str]) -> Row:
        learner_id, learner = _reference(found, "learner")
        course_id, course = _reference(found, "course")
        earned_on = day(found, "earned_on", self._profile.date_format)
        attempt = checked(found, "attempt") if found.get("attempt") else None
        key = checked(found, "key") if found.get("key") else None
        if key is None:
            # Without a key of its own an item is what it is about: sent again it is the same.
            parts = (learner or learner_id, course or course_id, attempt or earned_on)
            key = checked({"key": "/".join(map(str, parts))}, "key")
        item = Item(
            key,
            learner_id,
            learner,
            course_id,
            course,
            attempt,
            amount(found, "credits", self._profile.decimal_mark),
            self._grade(found),
            earned_on,
        )
        return Row(line, key, item)

    def _grade(self, found: dict[str, str]) -> str | None:
        """The grade as the bank calls it."""
        if not found.get("grade"):
            return None
        grade = checked(found, "grade", most=50)
        if grade in self._profile.grades:
            known = self._profile.grades[grade]
            if known is None:
                raise Fault("not_passed", "grade")
            return known
        if not self._profile.keeps_grades:
            raise Fault("grade_unknown", "grade")
        return grade


def _clean_key(found: Mapping[str, str]) -> str | None:
    """The key of a row that is at fault, unless it is the key that is."""
    try:
        return checked(found, "key")
    except Fault:
        return None


def _reference(found: Mapping[str, str], name: str) -> tuple[UUID | None, str | None]:
    """A learner or course by the product's id or by its roster's, not by both."""
    identifier, sourced_id = found.get(f"{name}_id", ""), found.get(name, "")
    if identifier and sourced_id:
        raise Fault("value_repeated", f"{name}_id")
    if sourced_id:
        return None, checked(found, name)
    if not identifier:
        raise Fault("value_missing", name)
    try:
        return UUID(identifier), None
    except ValueError:
        raise Fault("value_invalid", f"{name}_id") from None
