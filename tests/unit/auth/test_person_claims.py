"""Claims about a person: how names read, and which claims are told."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.userinfo.rules import (
    CLAIMS_OF_SCOPE,
    asked_for,
    claims_of,
    claims_of_scopes,
    full_name,
    scopes_of_claims,
)

NOTHING = {
    "given_name": "Ada",
    "family_name": "King",
    "middle_name": None,
    "preferred_name": None,
    "email": None,
    "phone": None,
    "address": None,
    "birth_date": None,
    "username": None,
}


@pytest.mark.parametrize(
    ("given_name", "family", "middle", "name"),
    [
        ("小明", "王", None, "王小明"),
        ("娜", "欧阳", None, "欧阳娜"),
        ("卡尔", "马克思", None, "马克思卡尔"),
        ("𠮷", "李", None, "李𠮷"),
        ("阿依古丽·买买提", "努尔", None, "努尔阿依古丽·买买提"),
        ("Ada", "King", None, "Ada King"),
        ("Ada", "King", "Augusta", "Ada Augusta King"),
        ("明", "Smith", None, "明 Smith"),
        ("", "Madonna", None, "Madonna"),
    ],
)
def test_names_in_the_order_of_their_language(
    given_name: str, family: str, middle: str | None, name: str
) -> None:
    assert full_name(given_name, family, middle) == name


def test_what_is_not_known_is_left_out() -> None:
    assert claims_of(NOTHING) == {"name": "Ada King", "given_name": "Ada", "family_name": "King"}
    known = claims_of(NOTHING | {"email": "ada@example.org", "birth_date": date(1815, 12, 10)})
    assert (known["birthdate"], known["email_verified"]) == ("1815-12-10", False)


def test_which_scope_asks_for_which_claim() -> None:
    assert claims_of_scopes(["openid", "email", "made-up"]) == {"email", "email_verified"}
    claims = {"userinfo": {"name": None}, "id_token": {"phone_number": {"essential": True}, "acr": None}}
    assert scopes_of_claims(claims) == {"profile", "phone"}
    assert scopes_of_claims(None) == frozenset()


@given(
    names=st.lists(st.sampled_from([*sum(CLAIMS_OF_SCOPE.values(), ()), "sub", "acr", "made_up"])),
    allowed=st.frozensets(st.sampled_from(sorted(CLAIMS_OF_SCOPE))),
)
def test_a_claim_is_told_only_with_its_scope(names: list[str], allowed: frozenset[str]) -> None:
    told = asked_for({"userinfo": dict.fromkeys(names)}, "userinfo", allowed)
    assert told == frozenset(names) & claims_of_scopes(allowed)
    assert asked_for({"userinfo": dict.fromkeys(names)}, "id_token", allowed) == frozenset()
