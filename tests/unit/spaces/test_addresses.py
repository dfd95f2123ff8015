"""Which links may be posted."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.spaces.posts.rules import is_web_address


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org",
        "HTTPS://EXAMPLE.ORG/",
        "https://example.org:8443/a/b?c=d&e=f#g",
        "https://例子.测试/路径?查询=一",
        "http://192.0.2.1/",
        "http://[2001:db8::1]:80/",
    ],
)
def test_ordinary_addresses_pass(address: str) -> None:
    assert is_web_address(address)


@given(st.text(max_size=60) | st.from_regex(r"(?i)[a-z]{0,12}:(//)?[^ ]{0,30}", fullmatch=True))
def test_whatever_passes_is_a_web_address_on_one_line(address: str) -> None:
    if is_web_address(address):
        parts = urlsplit(address)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert parts.username is None
        assert not any(character.isspace() or not character.isprintable() for character in address[:1])
        assert address.lower().startswith(("http://", "https://"))


@given(st.sampled_from(["javascript", "data", "vbscript", "file", "ftp", "mailto"]), st.text(max_size=40))
def test_no_other_scheme_passes(scheme: str, rest: str) -> None:
    for spelling in (scheme, scheme.upper(), f" {scheme}", f"\t{scheme}", f"\x01{scheme}"):
        assert not is_web_address(f"{spelling}:{rest}")
