"""Invariant 23: what is imported in any form, exported and imported again says the same, field by field."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.deposits.rules import Item
from services.creditbank.files.reading import FileReader
from services.creditbank.files.rules import PROFILES, Profile
from services.creditbank.files.values import Fault, checked
from services.creditbank.ledger.rules import credits_text
from services.creditbank.reconciliation.schemas import ITEMS
from services.creditbank.spreadsheets import lines

OUR_FORM = Profile(
    "ours",
    "rows",
    {
        "key": "键",
        "learner": "学号",
        "course": "课程号",
        "credits": "学分",
        "earned_on": "日期",
        "grade": "成绩",
    },
    "YYYY年M月D日",
    ",",
    delimiter=";",
)


def is_line(text: str) -> bool:
    """What every way of posting takes for one line of text."""
    try:
        return checked({"": text}, "") == text
    except Fault:
        return False


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(is_line)
#: people pad the cells of tables they make themselves
BARE = TEXT.filter(lambda text: text == text.strip() and text[0] != "'")
DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 31))


@st.composite
def items(draw: st.DrawFn, text: st.SearchStrategy[str] = TEXT, *, by_id: bool = True) -> Item:
    """Any item that may be posted."""
    names = st.one_of(st.uuids(), text) if by_id else text
    learner, course = draw(names), draw(names)
    return Item(
        key=draw(text),
        learner_id=learner if isinstance(learner, UUID) else None,
        learner_sourced_id=None if isinstance(learner, UUID) else learner,
        course_id=course if isinstance(course, UUID) else None,
        course_sourced_id=None if isinstance(course, UUID) else course,
        attempt=draw(st.none() | text) if by_id else None,
        amount=draw(st.integers(1, 1_000_000)),
        grade=draw(st.none() | text),
        earned_on=draw(DAYS),
    )


def imported(content: bytes, profile: Profile) -> list[Item]:
    reader = FileReader(io.BytesIO(content), profile, "utf-8")
    found = [row.item for row in reader.next_part()]
    assert None not in found
    return [one for one in found if one is not None]


def exported(given: Sequence[Item]) -> bytes:
    """The table of a file's items, as its route writes it."""
    rows: list[list[Any]] = [list(ITEMS)]
    for number, one in enumerate(given, start=1):
        row = [number, number + 1, one.key, one.learner_sourced_id, one.learner_id, one.course_sourced_id]
        row += [one.course_id, one.attempt, credits_text(one.amount), one.grade, one.earned_on, "posted"]
        rows.append(row + [None] * (len(ITEMS) - len(row)))
    return lines(rows)


def _reference(item: Item, name: str) -> dict[str, str]:
    identifier = getattr(item, f"{name}_id")
    return {"id": str(identifier)} if identifier else {"sourced_id": getattr(item, f"{name}_sourced_id")}


def as_json(given: Sequence[Item]) -> bytes:
    return b"".join(
        json.dumps(
            {
                "key": one.key,
                "learner": _reference(one, "learner"),
                "course": _reference(one, "course"),
                "attempt": one.attempt,
                "credits": credits_text(one.amount),
                "grade": one.grade,
                "earned_on": one.earned_on.isoformat(),
            }
        ).encode()
        + b"\n"
        for one in given
    )


@given(given=st.lists(items(), min_size=1, max_size=4))
def test_invariant_23_plain_tables_are_lossless(given: list[Item]) -> None:
    assert imported(exported(given), PROFILES["plain"]) == given


@given(given=st.lists(items(), min_size=1, max_size=4))
def test_invariant_23_json_lines_are_lossless(given: list[Item]) -> None:
    first = imported(as_json(given), PROFILES["json-lines"])
    assert first == given
    assert imported(exported(first), PROFILES["plain"]) == first
    assert imported(as_json(first), PROFILES["json-lines"]) == first


@given(given=st.lists(items(BARE, by_id=False), min_size=1, max_size=4))
def test_invariant_23_forms_of_an_institution_are_lossless(given: list[Item]) -> None:
    table = io.StringIO()
    out = csv.writer(table, delimiter=";")
    out.writerow(OUR_FORM.columns.values())
    for one in given:
        day = f"{one.earned_on.year:04}年{one.earned_on.month}月{one.earned_on.day}日"
        amount = credits_text(one.amount).replace(".", ",")
        out.writerow([one.key, one.learner_sourced_id, one.course_sourced_id, amount, day, one.grade])
    first = imported(table.getvalue().encode(), OUR_FORM)
    assert first == given
    assert imported(exported(first), PROFILES["plain"]) == first


@pytest.mark.parametrize(("profile", "column"), [("abc", "REGN_NO"), ("abc-account", "ABC_ACCOUNT_ID")])
@given(
    learner=BARE,
    course=BARE,
    grade=BARE.filter(lambda one: one.upper() not in ("F", "AB", "ABSENT", "I", "W", "NC", "RA")),
    amount=st.integers(1, 1_000_000),
    day=DAYS,
)
def test_invariant_23_rows_of_the_academic_bank_of_credits_are_lossless(
    profile: str, column: str, learner: str, course: str, grade: str, amount: int, day: date
) -> None:
    table = io.StringIO()
    out = csv.writer(table)
    out.writerow([column, "DOI", "SEM", "SUB1", "SUB1_CREDIT", "SUB1_GRADE"])
    out.writerow([learner, f"{day.day}/{day.month}/{day.year:04}", "IV", course, credits_text(amount), grade])
    first = imported(table.getvalue().encode(), PROFILES[profile])
    assert [(one.learner_sourced_id, one.course_sourced_id) for one in first] == [(learner, course)]
    assert [(one.amount, one.grade, one.earned_on) for one in first] == [(amount, grade, day)]
    assert imported(exported(first), PROFILES["plain"]) == first
