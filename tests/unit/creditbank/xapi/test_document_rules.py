"""Rules of documents: merging (Communication 2.2) and preconditions (3.1)."""

import json
import string
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.xapi.documents.rules import (
    Conditions,
    Kind,
    NotJson,
    Target,
    etag_of,
    is_json,
    judged,
    members,
    merged,
    tags_in,
)
from services.creditbank.xapi.protocol.rules import VERSIONS, Version

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=4)
INDENTS = st.sampled_from([None, 0, 3])


@given(OBJECTS, OBJECTS, INDENTS, st.booleans())
def test_a_merge_is_that_of_the_properties_of_both(
    old: dict[str, Any], new: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    one = json.dumps(old, indent=indent, ensure_ascii=ascii_only).encode()
    other = b" \n" + json.dumps(new, ensure_ascii=not ascii_only).encode() + b"\t"
    assert json.loads(merged(one, other)) == {**old, **new}


@given(OBJECTS, st.binary(max_size=20))
def test_whatever_the_bytes_they_are_an_object_or_refused(document: dict[str, Any], noise: bytes) -> None:
    whole = json.dumps(document).encode()
    for content in (noise, whole + noise, noise + whole, whole[: len(noise)]):
        try:
            found = members(content)
        except NotJson:
            continue
        assert found.keys() == json.loads(content).keys()


@pytest.mark.parametrize(
    "bad", [b"", b"[1]", b"1", b'"x"', b"null", b'{"a":1', b'{"a":Infinity}', b'{"a":\xff}']
)
def test_what_is_no_object_has_no_members(bad: bytes) -> None:
    with pytest.raises(NotJson):
        members(bad)


def test_depth_is_no_way_to_bring_it_down() -> None:
    for deep in (b"[" * 200_000, b'{"a":' * 200_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000):
        with pytest.raises(NotJson):
            members(deep)


def test_numbers_keep_their_digits() -> None:
    assert merged(b'{"a":1.50,"b":123456789012345678901234567890}', b'{"c":1e999}') == (
        b'{"a":1.50,"b":123456789012345678901234567890,"c":1e999}'
    )


KINDS: tuple[Kind, ...] = ("state", "agent", "activity")
NONE = Conditions()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_headers_are_judged_alike_everywhere(version: Version, kind: Kind, method: str) -> None:
    tag = etag_of(b"x")

    def judge(present: str | None, match: str | None = None, none_match: str | None = None) -> str:
        return judged(method, version, kind, present, Conditions(tags_in(match), tags_in(none_match)))

    assert judge(tag, f'"{tag}"') == judge(tag, "*") == judge(tag, f'"a","{tag}"') == "go"
    assert judge(tag, '"a"') == judge(None, "*") == judge(None, f'"{tag}"') == judge(tag, "") == "failed"
    assert judge(None, none_match="*") == judge(tag, none_match='"a"') == "go"
    assert judge(tag, none_match="*") == judge(tag, none_match=f'"{tag}"') == "failed"
    assert judge(tag, "*", "*") == judge(None, "*", "*") == "failed"


def test_without_headers_each_version_has_its_rule() -> None:
    for kind in KINDS:
        for method in ("POST", "DELETE"):
            for version in VERSIONS:
                assert judged(method, version, kind, "t", NONE) == "go"
                assert judged(method, version, kind, None, NONE) == "go"
        assert judged("PUT", "2.0.0", kind, None, NONE) == "go"
        assert judged("PUT", "2.0.0", kind, "t", NONE) == "exists"
    for kind in KINDS[1:]:
        assert judged("PUT", "1.0.3", kind, None, NONE) == "needed"
        assert judged("PUT", "1.0.3", kind, "t", NONE) == "exists"
    for present in (None, "t"):
        assert judged("PUT", "1.0.3", "state", present, NONE) == "go"


@given(st.text(string.printable, max_size=60))
def test_any_header_has_some_tags(header: str) -> None:
    assert tags_in(header)


@given(
    st.tuples(*[st.none() | st.text('ab,[]" ', max_size=3)] * 2),
    st.tuples(*[st.none() | st.text('ab,[]" ', max_size=3)] * 2),
)
def test_contexts_are_equal_only_if_all_in_them_is(
    one: tuple[str | None, str | None], other: tuple[str | None, str | None]
) -> None:
    place = UUID(int=1)
    targets = [Target(place, "state", *pair, None, "x") for pair in (one, other)]
    assert (targets[0].context == targets[1].context) == (one == other)
    assert Target(place, "agent", *one, None, "x").context != targets[0].context
    assert Target(place, "state", *one, place, "x").context != targets[0].context


def test_json_is_known_by_its_type() -> None:
    for kind in (
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;x",
    ):
        assert is_json(kind)
    for kind in ("text/json", "application/json5", "application/problem+json", ""):
        assert not is_json(kind)
