"""Rows of India's Academic Bank of Credits: a learner's term, with a group of columns for each subject."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from services.creditbank.deposits.rules import Item
from services.creditbank.files.rules import Profile, Row, last_day_of
from services.creditbank.files.values import Fault, amount, checked, day

_MOST_SUBJECTS: Final = 60
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: grades under which no credits are earned
_NOT_PASSED: Final = frozenset({"F", "AB", "ABSENT", "I", "W", "NC", "RA"})
_NOTHING: Final = re.compile(r"0*(\.0*)?")
_STATUS_FAULTS: Final = {"M": "modified_record", "C": "cancelled_record"}


class SubjectReader:
    """Reads a row into an item for each subject that carries credits.

    Term, month and subject together name the attempt, so that a term sent again after re-marking, even under
    another key, is never posted twice. A record marked as modified or cancelled is no deposit: it asks for
    a correction or a revocation of one.
    """

    def __init__(self, profile: Profile, header: frozenset[str]) -> None:
        self._profile = profile
        self._columns = profile.columns
        self._subjects = [
            {name: profile.columns[name].format(n=n) for name in ("course", "credits", "grade")}
            for n in range(1, _MOST_SUBJECTS + 1)
            if {profile.columns[name].format(n=n) for name in ("course", "credits")} <= header
        ]
        has_day = (
            self._columns["earned_on"] in header
            or {
                self._columns["year"],
                self._columns["month"],
            }
            <= header
        )
        self.is_usable = self._columns["learner"] in header and bool(self._subjects) and has_day

    def __call__(self, line: int, values: Mapping[str, str]) -> Iterator[Row]:
        status = values.get(self._columns["status"], "").upper()[:1]
        if status in _STATUS_FAULTS:
            yield Row(line, None, None, _STATUS_FAULTS[status], self._columns["status"])
            return
        try:
            learner = checked(values, self._columns["learner"])
            earned_on = self._day(values)
        except Fault as fault:
            yield Row(line, None, None, fault.reason, fault.field)
            return
        term = "/".join(
            part
            for part in (
                values.get(self._columns["term"], ""),
                f"{earned_on:%Y-%m}",
                values.get(self._columns["examination"], ""),
            )
            if part
        )
        for columns in self._subjects:
            if values.get(columns["course"]) and not _NOTHING.fullmatch(values.get(columns["credits"], "")):
                yield self._subject(line, values, columns, learner, term, earned_on)

    def _subject(
        self,
        line: int,
        values: Mapping[str, str],
        columns: dict[str, str],
        learner: str,
        term: str,
        earned_on: date,
    ) -> Row:
        key = None
        try:
            course = checked(values, columns["course"])
            attempt = checked({columns["course"]: f"{term}/{course}"}, columns["course"])
            key = checked({columns["course"]: f"{learner}/{attempt}"}, columns["course"])
            grade = checked(values, columns["grade"], most=50) if values.get(columns["grade"]) else None
            if grade is not None and grade.upper() in _NOT_PASSED:
                raise Fault("not_passed", columns["grade"])
            earned = amount(values, columns["credits"], self._profile.decimal_mark)
        except Fault as fault:
            return Row(line, key, None, fault.reason, fault.field)
        return Row(line, key, Item(key, None, learner, None, course, attempt, earned, grade, earned_on))

    def _day(self, values: Mapping[str, str]) -> date:
        """The day of issue, else the last day of the examination's month."""
        if values.get(self._columns["earned_on"]):
            return day(values, self._columns["earned_on"], self._profile.date_format)
        year, month = checked(values, self._columns["year"]), checked(values, self._columns["month"])
        number = _month(month)
        if not re.fullmatch("[0-9]{4}", year) or not 1900 <= int(year) <= 9998:
            raise Fault("value_invalid", self._columns["year"])
        if number is None:
            raise Fault("value_invalid", self._columns["month"])
        return last_day_of(int(year), number)


def _month(text: str) -> int | None:
    """A month by its number or its English name."""
    if re.fullmatch("0?[1-9]|1[0-2]", text):
        return int(text)
    name = text.lower()[:3]
    return _MONTHS.index(name) + 1 if name in _MONTHS else None
