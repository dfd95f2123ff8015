"""Days as files write them, and times as addresses do."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.files.days import reader
from services.creditbank.times import at_microseconds, day, microseconds, moment

FORMS = {
    "YYYY-MM-DD": "{0:04}-{1:02}-{2:02}",
    "D/M/YYYY": "{2}/{1}/{0:04}",
    "YYYYMMDD": "{0:04}{1:02}{2:02}",
    "YYYY年M月D日": "{0:04}年{1}月{2}日",
    "DD.MM.YYYY": "{2:02}.{1:02}.{0:04}",
}


@given(day=st.dates(), form=st.sampled_from(sorted(FORMS)))
def test_a_day_is_read_as_it_was_written(day: date, form: str) -> None:
    assert reader(form)(FORMS[form].format(day.year, day.month, day.day)) == day


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("YYYY-MM-DD", "2026-6-30"),
        ("YYYY-MM-DD", "2026-06-31"),
        ("YYYY-MM-DD", "２０２６-06-30"),
        ("YYYY-MM-DD", "2026-06-30 "),
        ("YYYY.MM.DD", "2026x06x30"),
        ("D/M/YYYY", "6/30/2026"),
    ],
)
def test_what_is_no_such_day_is_none(form: str, text: str) -> None:
    with pytest.raises(ValueError):
        reader(form)(text)


@pytest.mark.parametrize(
    "form",
    ["", "YYYY", "YYYY-MM", "YYYY-MM-DD-D", "YYYYMD", "MDYYYY", "%Y-%m-%d", "YYYY-MM-DDT", "YYYY\n-MM-DD"],
)
def test_what_is_no_form_is_refused(form: str) -> None:
    with pytest.raises(ValueError):
        reader(form)


@given(at=st.datetimes(datetime(1970, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_cursor_holds_a_time_exactly(at: datetime) -> None:
    assert at_microseconds(microseconds(at)) == at
    assert moment(at.isoformat()) == at


@pytest.mark.parametrize("count", [2**63, -(2**63)])
def test_a_cursor_of_nobody_holds_a_time_there_is(count: int) -> None:
    assert timedelta() < abs(at_microseconds(count) - datetime(1970, 1, 1, tzinfo=UTC))


def test_the_day_of_a_time_is_that_in_utc() -> None:
    assert day("2026-01-01T07:59:59+08:00") == date(2025, 12, 31)
    assert day("2026-01-01t08:00:00.123456789z") == date(2026, 1, 1)
    assert day("2026-01-01") == date(2026, 1, 1)
