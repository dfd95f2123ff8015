"""User names that are one account (attacks 45 and 49), and those that are none (attack 50)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.accounts.rules import canonical, canonical_code
from services.auth.throttling.rules import network_of


@pytest.mark.parametrize(
    "twin",
    ["Kim.Li", "KIM.LI", " kim.li ", "ｋｉｍ.ｌｉ", "\u212aim.li", "kim.\u217cI".replace("\u217c", "l")],
)
def test_attacks_45_and_49_twins_are_one(twin: str) -> None:
    assert canonical(twin) == "kim.li"


def test_attack_49_german_and_turkish_letters() -> None:
    assert canonical("STRASSE") == canonical("straße")
    assert canonical("ﬁona") == "fiona"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "a\0b",
        "a\u200bb",
        "a\u202eb",
        "a\u2060b",
        "\ud800",
        "x" * 129,
        "a\nb",
        "a\u3000b",
        "\ufeffa b",
    ],
)
def test_what_can_be_no_user_name(name: str) -> None:
    assert canonical(name) is None


@given(st.text(max_size=40))
def test_the_canonical_form_is_final(name: str) -> None:
    folded = canonical(name)
    if folded is not None:
        assert canonical(folded) == folded
        assert canonical(unicodedata.normalize("NFKD", folded)) == folded


def test_codes_are_read_as_typed() -> None:
    assert canonical_code(" abcd-efgh jkmn-2345 ") == "ABCDEFGHJKMN2345"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("evil\r\nkey", "unknown"),
        ("", "unknown"),
    ],
)
def test_attack_45_networks(address: str, network: str) -> None:
    assert network_of(address) == network
