"""The special data types (Data 4.0), and JSON with each name once (Data 2.2)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.xapi.validation.formats import (
    is_duration,
    is_iri,
    is_language,
    is_mailbox,
    is_media_type,
    moment,
)
from services.creditbank.xapi.validation.reading import NotJson, read_json

NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("2026-06-30T12:00:00Z", NOON, NOON),
        ("2026-06-30T12:00:00.000+00:00", NOON, NOON),
        ("2026-06-30T20:00:00+08:00", NOON, NOON),
        ("2026-06-30t12:00:00z", NOON, NOON),
        ("2026-06-30T07:00:00.0000001-05:00", NOON, NOON),
        ("2026-06-30T12:00:00", NOON, None),
        ("2026-06-30T12:00Z", NOON, None),
        ("2026-06-30T20:00:00+08", NOON, None),
        ("2026-06-30T12:00:00,0Z", NOON, None),
        ("20260630T120000Z", NOON, None),
        ("20260630T200000+0800", NOON, None),
        (
            "2026-06-29T23:59:60Z",
            datetime(2026, 6, 29, 23, 59, 59, tzinfo=UTC),
            datetime(2026, 6, 29, 23, 59, 59, tzinfo=UTC),
        ),
        ("2026-06-29T24:00:00Z", datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC)),
        ("2008-09-15T15:53:00.601-00", None, None),
        ("2008-09-15T15:53:00.601-0000", None, None),
        ("2008-09-15T15:53:00.601-00:00", None, None),
        ("2026-06-31T12:00:00Z", None, None),
        ("2026-06-30T25:00:00Z", None, None),
        ("2026-06-30T12:00:00+24:00", None, None),
        ("2026-06-30", None, None),
        ("2026-06-30 12:00:00Z", None, None),
        ("01/011/2015", None, None),
        ("0001-01-01T00:00:00+08:00", None, None),
        ("२०२६-06-30T12:00:00Z", None, None),
        ("", None, None),
    ],
)
def test_4_5_timestamps(text: str, first: datetime | None, second: datetime | None) -> None:
    assert moment(text, "1.0.3") == first
    assert moment(text, "2.0.0") == second


@given(st.datetimes(timezones=st.just(UTC)))
def test_4_5_whatever_is_written_is_read(when: datetime) -> None:
    for version in ("1.0.3", "2.0.0"):
        assert moment(when.isoformat(), version) == when


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("PT4H35M59.14S", True),
        ("PT16559.14S", True),
        ("P3Y1M29DT4H35M59.14S", True),
        ("P3Y", True),
        ("P4W", True),
        ("P0.5Y", True),
        ("P1DT12H36M0.12567S", True),
        ("P4W1D", False),
        ("P", False),
        ("PT", False),
        ("P1YT", False),
        ("P0.5Y1M", False),
        ("PT1H0.5M1S", False),
        ("-P1D", False),
        ("P-1D", False),
        ("PA1H0M0S", False),
        ("P0003-06-04T12:30:05", False),
        ("PT1S ", False),
        ("1D", False),
    ],
)
def test_4_6_durations(text: str, good: bool) -> None:
    assert (is_duration(text) is not None) is good


@pytest.mark.parametrize(
    ("tag", "good"),
    [
        ("en", True),
        ("cmn", True),
        ("zh-Hans-CN", True),
        ("sr-Latn-RS", True),
        ("es-419", True),
        ("de-CH-1901", True),
        ("sl-rozaj-biske-1994", True),
        ("zh-cmn-Hans", True),
        ("en-a-bbb-x-a-ccc", True),
        ("x-whatever", True),
        ("i-klingon", True),
        ("a12345678", False),
        ("a12345", False),
        ("e", False),
        ("en_US", False),
        ("en-", False),
        ("en-x", False),
        ("", False),
        ("english-language-of-england", False),
        ("中文", False),
    ],
)
def test_4_2_language_tags(tag: str, good: bool) -> None:
    assert is_language(tag) is good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("http://example.com/فعل/خواندن", True),
        ("course-v1:FUN-MOOC+00002+session01", True),
        ("uuid://7d4f3c70-1e79-4243-9b7d-166076ce8bfb", True),
        ("urn:xuebu:x", True),
        ("tag:a@b,2026:x#y", True),
        ("https://x.example/%E5%AD%A6", True),
        ("ab=c://should.fail.com", False),
        ("should fail", False),
        ("/relative", False),
        ("https://x.example/%zz", False),
        ("https://x.example/#a#b", False),
        ("https://x.example/a b", False),
        ("https://x.example/\n", False),
        ("http:", False),
        (":x", False),
        ("1a:x", False),
        ("", False),
    ],
)
def test_4_3_iris(text: str, good: bool) -> None:
    assert (is_iri(text) is not None) is good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("mailto:a@b", True),
        ("mailto:li.hua+x@例子.example", True),
        ("mailto:a@b?subject=x", False),
        ("mailto:a@b,c@d", False),
        ("mailto:@b", False),
        ("mailto:a@", False),
        ("mailto:a b@c", False),
        ("MAILTO:a@b", False),
        ("a@b", False),
    ],
)
def test_2_4_2_3_mailboxes(text: str, good: bool) -> None:
    assert (is_mailbox(text) is not None) is good


def test_2_4_11_media_types() -> None:
    assert is_media_type('text/plain; charset="utf-8"')
    assert not is_media_type("text/plain\r\nX-Evil: 1")
    assert not is_media_type("text")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"c":2,"b":3}}',
        b'{"\\u0061":1,"a":2}',
        b'{"a":"\\u0022\\u0022","b":1,"b":2}',
        b'{"a":1}}',
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        b'"\xff"',
        b"[" * 400 + b"]" * 400,
        b"",
    ],
)
def test_2_2_json_is_read_strictly(raw: bytes) -> None:
    with pytest.raises(NotJson):
        read_json(raw)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(value=_JSON, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_2_2_every_way_to_write_json_is_read(value: Any, ascii_only: bool, indent: int | None) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()) == value
