"""Rules of the protocol: versions, permissions, agents' keys, forms, packed bodies, roles."""

import gzip
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.problems import PayloadTooLarge
from services.creditbank.xapi.credentials.rules import parted, permitted
from services.creditbank.xapi.protocol.alternate import plain
from services.creditbank.xapi.protocol.compression import unpack
from services.creditbank.xapi.protocol.problems import XapiRequestInvalid
from services.creditbank.xapi.protocol.rules import SCOPES, accepts_gzip, agent_key, expanded, negotiated

ACCOUNT = {"homePage": "http://a.example", "name": "b c"}


@given(st.text("0123.", max_size=8))
def test_a_version_is_one_of_two_or_none(header: str) -> None:
    found = negotiated(header)
    if header == "1.0" or header.startswith("1.0."):
        assert found == "1.0.3"
    elif header == "2.0" or header.startswith("2.0."):
        assert found == "2.0.0"
    else:
        assert found is None


def test_every_scope_is_within_all() -> None:
    everything = expanded(["all"])
    for scope in SCOPES:
        assert expanded([scope])
        assert expanded([scope]) <= everything
    assert not expanded(["openid", "credits.post", "everything"])
    assert not expanded(["all/read"]) & {"statements/write", "state", "profile", "define"}
    assert "statements/read" not in expanded(["statements/read/mine"])


@pytest.mark.parametrize(
    ("agent", "key"),
    [
        ({"mbox": "mailto:a@b.c", "name": "x"}, "mbox mailto:a@b.c"),
        ({"objectType": "Group", "mbox": "mailto:a@b.c", "member": []}, "mbox mailto:a@b.c"),
        ({"mbox_sha1sum": "AB" * 20}, "mbox_sha1sum " + "ab" * 20),
        ({"openid": "http://a"}, "openid http://a"),
        ({"account": ACCOUNT}, "account http://a.example b c"),
        ({"objectType": "Group", "member": [{"mbox": "mailto:a@b.c"}]}, None),
    ],
)
def test_an_agent_is_known_by_its_identifier(agent: dict[str, Any], key: str | None) -> None:
    assert agent_key(agent) == key


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("GZIP ; q=1.0", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0.001", True),
        ("identity, br", False),
    ],
)
def test_gzip_is_accepted_where_it_is_named(header: str | None, accepted: bool) -> None:
    assert accepts_gzip(header) == accepted


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_what_was_packed_is_unpacked_within_bounds(parts: list[bytes]) -> None:
    packed, whole = b"".join(map(gzip.compress, parts)), b"".join(parts)
    assert unpack(packed, len(whole)) == whole
    if whole:
        with pytest.raises(PayloadTooLarge):
            unpack(packed, len(whole) - 1)
    with pytest.raises(XapiRequestInvalid):
        unpack(packed[:-1], len(whole))


@given(st.binary(max_size=60))
def test_whatever_is_no_gzip_is_refused(noise: bytes) -> None:
    with pytest.raises(XapiRequestInvalid):
        unpack(b"\x00" + noise, 1000)


NAMES = st.sampled_from(["statementId", "agent", "activityId", "x y", "学", "content-type2"])
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(NAMES, VALUES, max_size=4), VALUES)
def test_a_request_within_a_form_is_what_it_would_be_without(query: dict[str, str], content: str) -> None:
    fields = {**query, "content": content, "If-Match": '"a"', "authorization": "Basic x"}
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/xapi/statements",
        "query_string": b"method=PUT",
        "headers": [
            (b"content-type", b"application/x-www-form-urlencoded; charset=UTF-8"),
            (b"content-length", b"1"),
            (b"authorization", b"Basic outer"),
            (b"accept", b"*/*"),
        ],
    }
    inner, body = plain(scope, urlencode(fields).encode())
    assert (inner["method"], body) == ("PUT", content.encode())
    assert inner["query_string"] == urlencode(query).encode()
    assert dict(inner["headers"]) == {
        b"accept": b"*/*",
        b"if-match": b'"a"',
        b"authorization": b"Basic x",
        b"content-type": b"application/json",
        b"content-length": str(len(body)).encode(),
    }
    assert len(inner["headers"]) == 5
    assert scope["method"] == "POST"


@given(st.binary(max_size=80))
def test_any_form_is_a_request_or_refused(form: bytes) -> None:
    scope: dict[str, Any] = {
        "method": "POST",
        "query_string": b"method=GET",
        "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
    }
    with suppress(XapiRequestInvalid):
        inner, body = plain(scope, form)
        assert (inner["method"], body) == ("GET", b"")


@given(st.text(max_size=30))
def test_a_basic_credential_is_a_name_and_a_password_or_none(text: str) -> None:
    found = parted(text)
    assert found is None or all(isinstance(part, str) for part in found)


def test_a_role_never_gives_more_than_the_scopes() -> None:
    for roles in ([], ["student"], ["teacher", "guardian"], ["auditor"], ["registrar"], ["administrator"]):
        for scopes in ([], ["state"], ["all/read"], ["all"], ["profile"], ["openid", "statements/read"]):
            held, only_own = permitted(scopes, roles)
            assert held <= expanded(scopes)
            assert only_own == (not {"auditor", "registrar", "administrator"} & set(roles))
            assert scopes != ["profile"] or not held
            assert not only_own or not held & {"statements/read", "define"}
