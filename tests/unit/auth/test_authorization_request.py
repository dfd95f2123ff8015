"""What an authorization request may say, as rules and as properties over whatever may come."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.authorization.rules import (
    Asked,
    AuthorizationRefused,
    NotAnswerable,
    answer_address,
    asked_of,
    identify,
    read_parameters,
    validate,
)

REDIRECT = "https://app.example/callback"
HELD = frozenset({"openid", "profile", "email", "offline_access", "spaces.read", "credits.read"})
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
GOOD = {
    "client_id": "app",
    "redirect_uri": REDIRECT,
    "response_type": "code",
    "scope": "openid",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def asked(*, resource: tuple[str, ...] = (), **changes: str | None) -> Asked:
    pairs = [(name, value) for name, value in (GOOD | changes).items() if value is not None]
    pairs += [("resource", one) for one in resource]
    parameters = read_parameters(urlencode(pairs).encode())
    _, redirect_uri = identify(parameters)
    return validate(parameters, redirect_uri, HELD)


def refusal(**changes: Any) -> str:
    with pytest.raises(AuthorizationRefused) as refused:
        asked(**changes)
    return refused.value.code


def test_basic_happy_flow_without_nonce_and_state() -> None:
    request = asked()
    assert (request.scopes, request.audiences) == (("openid",), ("urn:xuebu:auth",))
    assert request.nonce is None
    assert request.state is None


def test_basic_order_of_scopes_and_parameters_does_not_matter() -> None:
    turned = read_parameters(
        urlencode(list(reversed(list((GOOD | {"scope": "email openid"}).items())))).encode()
    )
    assert validate(turned, REDIRECT, HELD) == asked(scope="openid email")


def test_basic_unknown_parameters_and_scopes_are_ignored() -> None:
    assert asked(scope="openid nonsense", extra="yes", display="popup") == asked()


def test_empty_parameters_count_as_absent() -> None:
    assert asked(max_age="", prompt="", claims="", nonce="") == asked()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"scope": "openid credits.post"}, "invalid_scope"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "http://127.0.0.1:9/"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "ten"}, "invalid_request"),
        ({"max_age": "٣"}, "invalid_request"),
        ({"nonce": "a\nb"}, "invalid_request"),
        ({"nonce": "n" * 513}, "invalid_request"),
        ({"state": "s" * 2049}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"claims": "[" * 2000}, "invalid_request"),
        ({"claims": '{"userinfo": []}'}, "invalid_request"),
        ({"claims": '{"userinfo": {"name": 1}}'}, "invalid_request"),
        ({"claims": '{"id_token": {"acr": {"essential": "yes"}}}'}, "invalid_request"),
        ({"claims": '{"id_token": {"acr": {"values": []}}}'}, "invalid_request"),
        ({"claims": '{"id_token": NaN}'}, "invalid_request"),
        ({"resource": ("https://elsewhere.example",)}, "invalid_target"),
        ({"resource": ("urn:xuebu:spaces#x",)}, "invalid_target"),
        ({"resource": ("urn:xuebu:creditbank",), "scope": "openid spaces.read"}, "invalid_scope"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], code: str) -> None:
    assert refusal(**changes) == code


@pytest.mark.parametrize("name", [name for name in GOOD if name not in ("client_id", "redirect_uri")])
def test_attack_15_a_repeated_parameter_is_refused(name: str) -> None:
    query = urlencode([*GOOD.items(), (name, GOOD[name])]).encode()
    with pytest.raises(AuthorizationRefused):
        validate(read_parameters(query), REDIRECT, HELD)


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_attack_15_two_addresses_or_clients_are_answered_nowhere(name: str) -> None:
    with pytest.raises(NotAnswerable):
        identify(read_parameters(urlencode([*GOOD.items(), (name, "https://evil.example")]).encode()))
    with pytest.raises(NotAnswerable):  # one in the query, one in the form
        identify(read_parameters(urlencode(GOOD).encode(), urlencode({name: GOOD[name]}).encode()))


def test_resources_narrow_the_audiences_and_openid_brings_userinfo() -> None:
    assert asked(scope="spaces.read credits.read").audiences == ("urn:xuebu:spaces", "urn:xuebu:creditbank")
    narrowed = asked(scope="spaces.read", resource=("urn:xuebu:spaces",))
    assert narrowed.audiences == ("urn:xuebu:spaces",)
    both = asked(scope="openid spaces.read", resource=("urn:xuebu:spaces",))
    assert both.audiences == ("urn:xuebu:auth", "urn:xuebu:spaces")


def test_basic_claims_parameter_is_kept_by_place_and_name() -> None:
    wish = {
        "userinfo": {"name": {"essential": True}, "email": None},
        "id_token": {"sub": {"value": "somebody"}, "acr": {"values": ["one", 2]}},
        "elsewhere": {"x": None},
    }
    request = asked(claims=json.dumps(wish))
    assert request.claims == {
        "userinfo": {"name": {"essential": True}, "email": None},
        "id_token": {"sub": {"value": "somebody"}, "acr": {"values": ["one"]}},
    }
    assert request.subject == "somebody"


def test_a_request_survives_being_kept() -> None:
    request = asked(
        scope="openid profile",
        prompt="login consent",
        max_age="0",
        acr_values="a b",
        ui_locales="zh-CN",
        claims='{"userinfo": {"name": null}}',
        nonce="n",
        state="s",
    )
    assert asked_of(json.loads(json.dumps(request.members()))) == request


def test_an_answer_keeps_the_query_of_the_address() -> None:
    address = answer_address(f"{REDIRECT}?school=1", code="c", state=None, iss="https://auth.example")
    assert address == f"{REDIRECT}?school=1&code=c&iss=https%3A%2F%2Fauth.example"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_read_or_refused(query: bytes) -> None:
    try:
        parameters = read_parameters(query)
        identify(parameters)
    except NotAnswerable:
        return
    assert parameters.values["client_id"].isprintable()


@given(
    st.dictionaries(
        st.sampled_from(
            [*GOOD, "prompt", "max_age", "claims", "state", "nonce", "resource", "ui_locales", "acr_values"]
        ),
        TEXTS | st.sampled_from(["none", "login", "0", "{}", "openid", '{"userinfo":{"a":null}}', "code"]),
    )
)
def test_any_value_is_judged_with_a_code_of_the_standard_or_kept(changes: dict[str, str]) -> None:
    query = urlencode({**GOOD, **changes}, errors="surrogatepass").encode()
    try:
        parameters = read_parameters(query)
        identify(parameters)
        request = validate(parameters, REDIRECT, HELD)
    except NotAnswerable:
        return
    except AuthorizationRefused as error:
        why = error.why
    else:
        why = ""
    assert why.isascii()
    assert not set(why) & set('"\\')  # RFC 6749, section 4.1.2.1
    if why:
        return
    assert set(request.scopes) <= HELD
    assert request.code_challenge
    assert asked_of(json.loads(json.dumps(request.members()))) == request


@given(state=TEXTS, code=TEXTS)
def test_attack_14_what_is_given_back_never_leaves_its_parameter(state: str, code: str) -> None:
    address = answer_address(REDIRECT, code=code, state=state)
    assert address.isascii()
    assert address.isprintable()
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == (
        "https",
        "app.example",
        "/callback",
        "",
    )
    assert parse_qs(parts.query, keep_blank_values=True) == {"code": [code], "state": [state]}
