"""Cells of tables: what people wrote is never a formula, and can be read back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.spreadsheets import cell, lines, written

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@pytest.mark.parametrize(
    "text", ["=1", "+1+1", "-2+3", "@a", "\t=1", "\r", " =1", "＝1", "－1", "|x", "%0", "-"]
)
def test_what_would_be_a_formula_is_text(text: str) -> None:
    assert cell(text) == "'" + text


@pytest.mark.parametrize("text", ["-1.00", "12.50", "a=b", "2026-06-30", "优", "", "x-1"])
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


@given(rows=st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=5))
def test_a_table_is_read_back_as_it_was(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(lines(rows).decode(), newline="")))
    assert read == [[cell(value) for value in row] for row in rows]
    assert [[written(value) for value in row] for row in read] == rows
    assert not any(value[:1] in ("=", "@", "+") for row in read for value in row)
