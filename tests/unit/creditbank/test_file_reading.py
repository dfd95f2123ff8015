"""Rows of files become items, or say why not, whatever stands in them."""

import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.deposits.rules import Item
from services.creditbank.files.reading import FileReader, FileRefused
from services.creditbank.files.rules import PROFILES, Judged, Memory, Row, last_day_of

ABC = (
    "ORG_NAME,ACADEMIC_COURSE_ID,REGN_NO,CNAME,MRKS_REC_STATUS,YEAR,MONTH,SEM,EXAM_TYPE,DOI,TOT_CREDIT,"
    "ABC_ACCOUNT_ID,SUB1NM,SUB1,SUB1_GRADE,SUB1_CREDIT,SUB2NM,SUB2,SUB2_GRADE,SUB2_CREDIT,SUB3NM,SUB3,"
    "SUB3_GRADE,SUB3_CREDIT\n"
)


def rows(content: str | bytes, profile: str = "plain", encoding: str = "utf-8") -> list[Row]:
    data = content.encode() if isinstance(content, str) else content
    reader = FileReader(io.BytesIO(data), PROFILES[profile], encoding)
    found: list[Row] = []
    while part := reader.next_part():
        found += part
    return found


def abc(**changes: str) -> str:
    values = {
        "ORG_NAME": "University",
        "ACADEMIC_COURSE_ID": "BSC",
        "REGN_NO": "R-1",
        "CNAME": "A. Student",
        "MRKS_REC_STATUS": "O",
        "YEAR": "2026",
        "MONTH": "MAY",
        "SEM": "IV",
        "EXAM_TYPE": "Regular",
        "ABC_ACCOUNT_ID": "123456789012",
        "SUB1": "MA-201",
        "SUB1_GRADE": "A+",
        "SUB1_CREDIT": "4",
        "SUB2": "PH-201",
        "SUB2_GRADE": "B",
        "SUB2_CREDIT": "3.5",
        **changes,
    }
    return ",".join(values.get(name, "") for name in ABC.strip().split(",")) + "\n"


def test_a_row_of_the_academic_bank_of_credits_is_an_item_for_each_subject() -> None:
    first, second = rows(ABC + abc(), "abc")
    attempt = "IV/2026-05/Regular/MA-201"
    assert first.item == Item(
        f"R-1/{attempt}", None, "R-1", None, "MA-201", attempt, 400, "A+", date(2026, 5, 31)
    )
    assert second.item is not None
    assert (second.item.amount, second.item.course_sourced_id, second.line) == (350, "PH-201", 2)
    by_account = rows(ABC + abc(DOI="17/06/2026"), "abc-account")[0].item
    assert by_account is not None
    assert (by_account.learner_sourced_id, by_account.earned_on) == ("123456789012", date(2026, 6, 17))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"MRKS_REC_STATUS": "M"}, [("modified_record", "MRKS_REC_STATUS")]),
        ({"MRKS_REC_STATUS": "c"}, [("cancelled_record", "MRKS_REC_STATUS")]),
        ({"REGN_NO": ""}, [("value_missing", "REGN_NO")]),
        ({"MONTH": "Smarch"}, [("value_invalid", "MONTH")]),
        ({"YEAR": "26"}, [("value_invalid", "YEAR")]),
        ({"DOI": "31/02/2026"}, [("value_invalid", "DOI")]),
        ({"SUB1_GRADE": "Ab"}, [("not_passed", "SUB1_GRADE"), (None, None)]),
        ({"SUB1_CREDIT": "x"}, [("value_invalid", "SUB1_CREDIT"), (None, None)]),
        ({"SUB1_CREDIT": "0.00"}, [(None, None)]),
        ({"SUB1": "", "SUB2": ""}, []),
    ],
    ids=str,
)
def test_what_is_wrong_with_such_a_row(changes: dict[str, str], found: list[Any]) -> None:
    assert [(row.reason, row.field) for row in rows(ABC + abc(**changes), "abc")] == found


def test_the_same_term_sent_again_after_re_marking_is_the_same_attempt() -> None:
    before, after = (rows(ABC + abc(SUB1_GRADE=grade), "abc")[0].item for grade in ("B", "A"))
    assert before is not None
    assert after is not None
    assert (before.key, before.attempt) == (after.key, after.attempt)
    assert before != after


def test_delimiters_quotation_marks_and_empty_lines() -> None:
    content = 'learner\tcourse\tcredits\tearned_on\n\n"S\t1"\tC\t1\t2026-01-01\n'
    assert [(row.line, row.reason) for row in rows(content)] == [(3, "value_invalid")]
    content = 'learner;course;credits;earned_on\n"S;1";C;1;2026-01-01\n;;;\n'
    (only,) = rows(content)
    assert only.item is not None
    assert only.item.learner_sourced_id == "S;1"


def test_a_learner_by_the_products_id_or_by_the_rosters() -> None:
    header = "learner,learner_id,course,credits,earned_on\n"
    identifier = "0190f3a0-0000-7000-8000-000000000000"
    found = rows(header + f",{identifier},C,1,2026-01-01\nS,{identifier},C,1,2026-01-01\n,x,C,1,2026-01-01\n")
    assert [(row.reason, row.field) for row in found] == [
        (None, None),
        ("value_repeated", "learner_id"),
        ("value_invalid", "learner_id"),
    ]


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(FileRefused, match="too_many_rows"):
        rows("learner,course,credits,earned_on\n" + "S,C,1,2026-01-01\n" * 100_001)


@given(st.binary(max_size=300), st.sampled_from(sorted(PROFILES)), st.sampled_from(["utf-8", "gb18030"]))
def test_any_bytes_are_rows_or_refused(content: bytes, profile: str, encoding: str) -> None:
    for start in (b"", b"learner,course,credits,earned_on\n", ABC.encode()):
        try:
            found = rows(start + content, profile, encoding)
        except FileRefused:
            continue
        assert all((row.item is None) == (row.reason is not None) for row in found)


@given(st.integers(1900, 9998), st.integers(1, 12))
def test_the_last_day_of_a_month(year: int, month: int) -> None:
    found = last_day_of(year, month)
    assert (found.year, found.month) == (year, month)
    assert date.fromordinal(found.toordinal() + 1).day == 1


def test_a_dry_run_remembers_what_it_would_have_posted() -> None:
    def one(key: str, attempt: str | None = None, amount: int = 100) -> Item:
        return Item(key, None, "S", None, "C", attempt, amount, None, date(2026, 1, 1))

    memory = Memory()

    def judge(item: Item, outcome: str = "accepted") -> str:
        return memory.judge(item, Judged(1, outcome, None, None, 7)).outcome

    assert judge(one("a", "x")) == "accepted"
    assert judge(one("a", "x")) == "replayed"
    assert judge(one("a", "y")) == "conflict"
    assert judge(one("b", "x")) == "refused"
    assert judge(one("c"), "refused") == "refused"
    assert judge(one("c")) == "accepted"  # a refused item takes no key


PLAIN = "key,learner,course,credits,earned_on\n"


def test_a_file_that_ends_within_a_quoted_value_was_cut_off() -> None:
    with pytest.raises(FileRefused) as refused:
        rows(PLAIN + 'k1,S-0,C-1,1,2025-01-20\nk2,S-0,C-1,1,"2025-01-20\n')
    assert (refused.value.reason, refused.value.line) == ("row_endless", 3)


def test_what_follows_a_closing_quotation_mark_breaks_its_row_alone() -> None:
    broken, right = rows(PLAIN + '"k1"x,S-0,C-1,1,2025-01-20\n"k""2",S-0,C-1,1,"2025-01-20"\n')
    assert (broken.line, broken.reason, broken.item) == (2, "row_malformed", None)
    assert (right.line, right.key) == (3, 'k"2')
