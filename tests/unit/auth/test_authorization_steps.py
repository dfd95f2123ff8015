"""What has to happen before a request is granted: signing in, a second factor, choosing, allowing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.authorization.deciding import (
    ACR_PASSWORD,
    ACR_SECOND_FACTOR,
    SignedIn,
    Step,
    next_step,
)
from services.auth.authorization.rules import Asked, AuthorizationRefused

BEGUN = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NOW = BEGUN + timedelta(minutes=2)
ASKED = Asked("https://app.example/", ("openid",), ("urn:xuebu:auth",), "x" * 43)
BEFORE = SignedIn("me", BEGUN - timedelta(hours=1), ("pwd",), has_second_factor=False)
SINCE = replace(BEFORE, authenticated_at=BEGUN + timedelta(minutes=1))
ENROLLED = replace(BEFORE, has_second_factor=True)
STRONG = replace(ENROLLED, methods=("pwd", "otp"))


def step(
    who: SignedIn | None,
    *,
    allowed: frozenset[str] | None = None,
    selected: bool = False,
    assured: bool = True,
    **asked: Any,
) -> Step:
    request = replace(ASKED, **asked)
    return next_step(
        request, who, begun_at=BEGUN, now=NOW, allowed=allowed, selected=selected, assured=assured
    )


def refusal(who: SignedIn | None, **asked: Any) -> str:
    with pytest.raises(AuthorizationRefused) as refused:
        step(who, **asked)
    return refused.value.code


def test_whoever_is_signed_in_need_not_act() -> None:
    assert step(BEFORE) == "grant"
    assert step(None) == "sign-in"


def test_basic_prompt_none_without_a_session_is_login_required() -> None:
    assert refusal(None, prompt=("none",)) == "login_required"
    assert step(BEFORE, prompt=("none",)) == "grant"


def test_basic_prompt_login_asks_once() -> None:
    assert step(BEFORE, prompt=("login",)) == "sign-in"
    assert step(SINCE, prompt=("login",)) == "grant"


@pytest.mark.parametrize(("max_age", "wanted"), [(0, "sign-in"), (1, "sign-in"), (10_000, "grant")])
def test_basic_max_age(max_age: int, wanted: str) -> None:
    assert step(BEFORE, max_age=max_age) == wanted
    assert step(SINCE, max_age=max_age) == "grant"


def test_max_age_with_prompt_none() -> None:
    assert refusal(BEFORE, max_age=1, prompt=("none",)) == "login_required"


def test_attack_25_another_persons_hint() -> None:
    assert refusal(BEFORE, subject="you", prompt=("none",)) == "login_required"
    assert step(BEFORE, subject="you") == "sign-in"
    assert refusal(SINCE, subject="you") == "login_required"  # somebody else has signed in
    assert step(BEFORE, subject="me") == "grant"


def test_basic_acr_values_are_a_wish() -> None:
    wish: dict[str, Any] = {"acr_values": (ACR_SECOND_FACTOR, ACR_PASSWORD)}
    assert step(ENROLLED, **wish) == "second-factor"
    assert step(BEFORE, **wish) == "grant"
    assert step(STRONG, **wish) == "grant"
    assert step(ENROLLED, acr_values=(ACR_PASSWORD, ACR_SECOND_FACTOR)) == "grant"
    assert step(ENROLLED, acr_values=("urn:elsewhere",)) == "grant"
    assert step(ENROLLED, prompt=("none",), **wish) == "grant"
    assert step(ENROLLED, claims={"id_token": {"acr": {"value": ACR_SECOND_FACTOR}}}) == "second-factor"


def test_basic_an_essential_acr_is_met_or_refused() -> None:
    essential: dict[str, Any] = {
        "claims": {"id_token": {"acr": {"essential": True, "values": [ACR_SECOND_FACTOR]}}}
    }
    assert step(STRONG, **essential) == "grant"
    assert step(ENROLLED, **essential) == "second-factor"
    assert refusal(ENROLLED, prompt=("none",), **essential) == "login_required"
    assert refusal(BEFORE, **essential) == "unmet_authentication_requirements"
    unknown: dict[str, Any] = {"claims": {"id_token": {"acr": {"essential": True, "value": "urn:elsewhere"}}}}
    assert refusal(STRONG, **unknown) == "unmet_authentication_requirements"
    assert refusal(BEFORE, **unknown) == "unmet_authentication_requirements"


def test_select_account_is_a_choice_or_a_fresh_sign_in() -> None:
    assert step(BEFORE, prompt=("select_account",)) == "select-account"
    assert step(BEFORE, prompt=("select_account",), selected=True) == "grant"
    assert step(SINCE, prompt=("select_account",)) == "grant"


def test_consent_is_asked_for_what_is_new() -> None:
    assert step(BEFORE, allowed=frozenset()) == "consent"
    assert step(BEFORE, allowed=frozenset({"openid", "email"})) == "grant"
    assert step(BEFORE, allowed=frozenset({"openid"}), scopes=("offline_access", "openid")) == "consent"
    assert step(BEFORE, allowed=None, scopes=("offline_access", "openid")) == "grant"
    assert step(BEFORE, allowed=None, prompt=("consent",)) == "consent"
    assert refusal(BEFORE, allowed=frozenset(), prompt=("none",)) == "consent_required"


def test_rfc_8252_whoever_could_be_an_imposter_gets_nothing_behind_the_persons_back() -> None:
    known = frozenset({"openid"})
    assert step(BEFORE, assured=False, allowed=known) == "select-account"
    assert step(BEFORE, assured=False, allowed=None) == "select-account"
    assert step(BEFORE, assured=False, allowed=known, selected=True) == "grant"
    assert step(SINCE, assured=False, allowed=known) == "grant"
    assert step(BEFORE, assured=False, allowed=frozenset()) == "consent"
    with pytest.raises(AuthorizationRefused, match="interaction_required"):
        step(BEFORE, assured=False, prompt=("none",))


@given(
    who=st.sampled_from([None, BEFORE, SINCE, ENROLLED, STRONG]),
    prompt=st.sets(st.sampled_from(["login", "consent", "select_account"])),
    max_age=st.none() | st.integers(0, 10_000),
    acr=st.lists(st.sampled_from([ACR_PASSWORD, ACR_SECOND_FACTOR, "else"]), max_size=3),
    subject=st.sampled_from([None, "me", "you"]),
    allowed=st.sampled_from([None, frozenset[str](), frozenset({"openid"})]),
    silent=st.booleans(),
)
def test_prompt_none_never_interacts_and_nobody_is_granted_who_is_not_signed_in(
    who: SignedIn | None,
    prompt: set[str],
    max_age: int | None,
    acr: list[str],
    subject: str | None,
    allowed: frozenset[str] | None,
    silent: bool,
) -> None:
    prompts = ("none",) if silent else tuple(sorted(prompt))
    asked: dict[str, Any] = {
        "prompt": prompts,
        "max_age": max_age,
        "acr_values": tuple(acr),
        "subject": subject,
    }
    try:
        found = step(who, allowed=allowed, **asked)
    except AuthorizationRefused:
        return
    assert not silent or found == "grant"
    if found == "grant":
        assert who is not None
        assert subject in (None, who.person)
        assert "consent" not in prompts
        assert allowed is None or "openid" in allowed
