"""Forms of the OAuth endpoints, and what is granted: never more than held, allowed and asked for."""

from itertools import product
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.authorization.rules import MEANING
from services.auth.clients.rules import AUDIENCES
from services.auth.tokens.rules import OPENID, Form, TokenRefused, granted, narrowed, read_form

FORM = "application/x-www-form-urlencoded"
scopes = st.frozensets(st.sampled_from(sorted(frozenset().union(*MEANING.values()))))
audiences = st.lists(st.sampled_from(sorted(MEANING)), unique=True).map(tuple)


def form(body: str, content_type: str | None = FORM, query: bytes = b"") -> Form:
    return read_form(content_type=content_type, query=query, body=body.encode("latin-1"))


def code_of(body: str, **parts: object) -> str:
    with pytest.raises(TokenRefused) as refused:
        form(body, **parts)  # type: ignore[arg-type]
    assert refused.value.status == 400
    return refused.value.code


def test_resource_alone_may_come_repeatedly() -> None:
    read = form("a=1&resource=x&b=&resource=y&resource=")
    assert (read.values, read.resources) == ({"a": "1"}, ("x", "y"))
    assert code_of("a=1&a=1") == "invalid_request"
    assert code_of("a=&a=1") == "invalid_request"


@pytest.mark.parametrize("content_type", [None, "", "application/json", "multipart/form-data; boundary=x"])
def test_attack_34_other_media_types(content_type: str | None) -> None:
    assert code_of("a=1", content_type=content_type) == "invalid_request"


def test_what_is_too_long_too_much_or_unreadable() -> None:
    assert form(urlencode({"token": "x" * 8192})).values["token"]
    for body in (
        urlencode({"token": "x" * 8193}),
        urlencode({"x": "x" * 1025}),
        "&".join(f"x{number}=1" for number in range(33)),
        "x=%ff",
        "x=%00",
        "x=\xff",
        "x=%E2%80%AE",
    ):
        assert code_of(body) == "invalid_request"
    assert code_of("a=1", query=b"a=1") == "invalid_request"


def test_scopes_of_a_form() -> None:
    assert form("a=1").scopes is None
    assert form("scope=a++b").scopes == frozenset({"a", "b"})
    with pytest.raises(TokenRefused):
        form("scope=+").scopes  # noqa: B018


@given(
    st.text(alphabet="ab=&+%20éÿ\x00", max_size=40)
    | st.binary(max_size=20).map(lambda b: b.decode("latin-1"))
)
def test_forms_are_read_as_the_standard_library_reads_them(body: str) -> None:
    sent = body.encode("latin-1")
    try:
        pairs = parse_qsl(sent.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        with pytest.raises(TokenRefused):
            form(body)
        return
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names) or not all(value.isprintable() for _, value in pairs):
        with pytest.raises(TokenRefused):
            form(body)
    else:
        assert form(body).values == {name: value for name, value in pairs if value}


@given(held=scopes, asked=st.none() | scopes, resources=audiences)
def test_a_machine_gets_no_more_than_it_holds_and_asks(
    held: frozenset[str], asked: frozenset[str] | None, resources: tuple[str, ...]
) -> None:
    try:
        got, where = granted(held, asked, resources, AUDIENCES)
    except TokenRefused:
        return
    assert got
    assert got <= held
    assert asked is None or got == asked
    assert not resources or where == resources


@given(allowed=scopes, places=audiences, held=scopes, asked=st.none() | scopes, resources=audiences)
def test_a_persons_token_is_part_of_what_was_granted(
    allowed: frozenset[str],
    places: tuple[str, ...],
    held: frozenset[str],
    asked: frozenset[str] | None,
    resources: tuple[str, ...],
) -> None:
    try:
        got, where = narrowed(allowed, places, held, asked, resources, MEANING)
    except TokenRefused:
        return
    assert got
    assert got <= allowed & held
    assert asked is None or got <= asked
    assert set(where) <= set(places)
    for scope, place in product(got, where):
        assert any(scope in MEANING[one] for one in where)
        assert MEANING[place] & got or place in resources
    if resources and OPENID not in got:
        assert set(where) == set(resources) & set(places)
