"""Where a client may be answered, and what counts: attack 14 on the comparison, and the rights."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.clients.addresses import what_is_wrong
from services.auth.clients.rules import (
    AUDIENCES,
    INSTITUTION_SCOPES,
    MACHINE_AUDIENCES,
    OPENID_SCOPES,
    PERSON_SCOPES,
    PLATFORM_SCOPES,
    RECORD_SCOPES,
    limited,
    origin_key,
    origins,
    redirect_allowed,
    scopes_for,
    worth_remembering,
)
from services.auth.rights.rules import GRANTABLE, USUAL, held

REGISTERED = ["https://app.example/back", "https://app.example/back?x=1"]
LOOPBACK = ["http://127.0.0.1/back", "http://[::1]:1234/back?x=1", "http://localhost"]


@pytest.mark.parametrize("kind", ["web", "native", "browser"])
def test_exact_addresses_and_loopback_at_any_port(kind: str) -> None:
    for address in REGISTERED:
        assert redirect_allowed(kind, REGISTERED, address)
    for address in (
        "http://127.0.0.1/back",
        "http://127.0.0.1:1/back",
        "http://127.0.0.1:65535/back",
        "http://[::1]/back?x=1",
        "http://localhost:3000",
    ):
        assert redirect_allowed(kind, LOOPBACK, address)
    assert not redirect_allowed("machine", REGISTERED, REGISTERED[0])
    assert not redirect_allowed(kind, [], "http://127.0.0.1/back")


@pytest.mark.parametrize(
    "asked",
    [
        "https://app.example/back/",
        "https://app.example/back2",
        "https://app.example/BACK",
        "https://APP.example/back",
        "HTTPS://app.example/back",
        "http://app.example/back",
        "https://app.example:443/back",
        "https://app.example/back?x=2",
        "https://app.example/back?",
        "https://app.example/back#x",
        "https://app.example/back?x=1&y=2",
        "https://app.example/./back",
        "https://app.example/a/%2e%2e/back",
        "https://app.example//back",
        "https://app.example/back\r\nSet-Cookie: x",
        "https://app.example/back\n",
        " https://app.example/back",
        "https://app.example\\@evil.example/back",
        "https://x@app.example/back",
        "https://sub.app.example/back",
        "https://app.example.evil.example/back",
        "javascript:alert(1)",
        "",
    ],
)
def test_attack_14_anything_else_is_another_address(asked: str) -> None:
    assert not redirect_allowed("web", REGISTERED, asked)


@pytest.mark.parametrize(
    "asked",
    [
        "http://127.0.0.1:0/back",
        "http://127.0.0.1:65536/back",
        "http://127.0.0.1:080/back",
        "http://127.0.0.1:/back",
        "http://127.0.0.1:80@evil.example/back",
        "http://127.0.0.1@evil.example/back",
        "http://127.0.0.1.evil.example/back",
        "http://127.0.0.2/back",
        "http://127.1/back",
        "http://localhost/back",
        "http://LOCALHOST:3000",
        "https://127.0.0.1:80/back",
        "http://127.0.0.1:80/back#x",
        "http://127.0.0.1:80/back\n",
        "http://127.0.0.1:8٠/back",
        "http://[::1]:1234/back?x=2",
        "http://[::2]/back?x=1",
    ],
)
def test_attack_14_the_port_alone_may_differ_at_a_loopback_interface(asked: str) -> None:
    assert not redirect_allowed("native", LOOPBACK, asked)


@given(st.text(string.ascii_letters + string.digits + ":/?#[]@!$&'()*+,;=%.\\ -_\r\n\u3002", max_size=60))
def test_attack_14_no_text_is_taken_for_a_registered_address(tail: str) -> None:
    for one in REGISTERED[:1]:
        assert redirect_allowed("web", REGISTERED[:1], one + tail) is (tail == "")
    assert what_is_wrong("web", "https://evil.example\\" + tail, development=True) is not None


def test_loopback_is_for_devices_and_for_development() -> None:
    for address in LOOPBACK:
        assert what_is_wrong("native", address, development=False) is None
        for kind in ("web", "browser"):
            assert what_is_wrong(kind, address, development=True) is None
            assert what_is_wrong(kind, address, development=False) is not None


def test_origins_forget_the_port_at_a_loopback_interface_alone() -> None:
    found = origins(["https://app.example:8443/a?b", "http://127.0.0.1:5173/", "com.example.app:/x"])
    assert found == {"https://app.example:8443", "http://127.0.0.1"}
    assert origin_key("http://127.0.0.1:4711") == "http://127.0.0.1"
    for origin in ("null", "http://127.0.0.1:4711/", "http://127.0.0.1:70000", "https://app.example:1"):
        assert origin_key(origin) == origin


def test_rights_only_ever_take_away() -> None:
    everything = INSTITUTION_SCOPES | PLATFORM_SCOPES
    assert limited(everything, []) == everything
    assert limited(everything, ["credits.post people.read", "people.read"]) == PLATFORM_SCOPES | {
        "people.read"
    }
    assert limited(everything, [""]) == PLATFORM_SCOPES
    assert held([], at_the_root=False) == USUAL
    assert held([GRANTABLE], at_the_root=True) == GRANTABLE
    assert held([["account", "openid"], ["openid", "email"]], at_the_root=True) == {"openid"}
    assert not held([["account"]], at_the_root=False)


def test_every_scope_that_is_no_openid_scope_means_something_somewhere() -> None:
    meant = frozenset().union(*AUDIENCES.values())
    assert (INSTITUTION_SCOPES | PLATFORM_SCOPES | set(PERSON_SCOPES)) - OPENID_SCOPES == meant
    assert not OPENID_SCOPES & meant
    assert frozenset().union(*MACHINE_AUDIENCES.values()) == meant | {"profile"}


def test_profile_is_openid_s_in_the_token_of_a_person_and_xapi_s_in_that_of_a_machine() -> None:
    assert "profile" in scopes_for("machine") & scopes_for("browser")
    assert not any("profile" in scopes for scopes in AUDIENCES.values())
    assert [name for name, scopes in MACHINE_AUDIENCES.items() if "profile" in scopes] == [
        "urn:xuebu:creditbank"
    ]
    for kind in ("web", "native", "browser", "machine"):
        assert scopes_for(kind) >= set(RECORD_SCOPES)


def test_a_flood_of_refusals_is_remembered_seldom() -> None:
    assert [count for count in range(1, 20_000) if worth_remembering(count)] == [1, 10, 100, 1000, 10_000]
