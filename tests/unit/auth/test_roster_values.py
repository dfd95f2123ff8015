"""Checks of single values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.rosters.reading import values
from services.auth.rosters.reading.values import Check, Rejected
from services.auth.rosters.rules import LIST_SEPARATOR, is_large_closure

CHECKS: dict[str, Check] = {
    "day": values.day,
    "truth": values.truth,
    "school_year": values.school_year,
    "moment": values.moment,
    "identifier": values.identifier,
    "identifiers": values.identifiers,
    "name": values.name,
    "labels": values.labels,
    "canonical_username": values.canonical_username,
    "status_in_bulk": values.status_in_bulk,
    "status_in_delta": values.status_in_delta,
    "token": values.token({"school": "school", "guardian": ""}, "other", ignored="enrolment_role"),
    "word": values.word_of({"a": "b"}),
}


@given(name=st.sampled_from(sorted(CHECKS)), value=st.text(st.characters(exclude_categories=()), min_size=1))
def test_a_check_gives_text_that_can_be_stored_or_says_why_not(name: str, value: str) -> None:
    try:
        checked = CHECKS[name](value)
    except Rejected as rejected:
        checked = rejected.instead
    checked.encode()
    assert not set(checked) & {"\x00", "\t", "\n", "\r"}


@given(st.text(min_size=1))
def test_checking_twice_changes_nothing_more(value: str) -> None:
    try:
        once = values.name(value)
    except Rejected as rejected:
        once = rejected.instead
    if once:
        assert values.name(once) == once


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("07", ["07"]),
        ("T1,T2", ["T1", "T2"]),
        (" T1 , T2 ,,T1", ["T1", "T2"]),
        ('"a,b",c', ["a,b", "c"]),
        ('"say ""hi""",c', ['say "hi"', "c"]),
    ],
)
def test_lists_are_parted(written: str, meant: list[str]) -> None:
    assert values.labels(written).split(LIST_SEPARATOR) == meant


@pytest.mark.parametrize(
    "written", ["2026-2-1", "2026-02-30", "20260201", "2026-W05-1", "0001-01-01", "二〇二六"]
)
def test_what_is_no_day_is_refused(written: str) -> None:
    with pytest.raises(Rejected) as rejected:
        values.day(written)
    assert rejected.value.code == "date"


def test_words_are_found_without_regard_to_case_and_extensions_are_told() -> None:
    token = CHECKS["token"]
    assert token("School") == "school"
    assert token("ext:school") == "school"
    with pytest.raises(Rejected) as rejected:
        token("ext:campus")
    assert (rejected.value.code, rejected.value.instead) == ("extension", "other")
    with pytest.raises(Rejected) as rejected:
        token("guardian")
    assert rejected.value.code == "enrolment_role"


def test_a_large_closure_is_a_fifth_and_more_than_a_handful() -> None:
    assert not is_large_closure(20, 21)
    assert not is_large_closure(21, 105)
    assert is_large_closure(21, 104)
