"""Where pages may lead, what their policy allows, and what a browser is called."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.account.rules import device_name
from services.auth.pages.rules import content_policy, form_source, own_path
from services.auth.throttling.devices import KNOWN_DAYS, KnownDevices

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DEVICES = KnownDevices("a secret of this service")


@given(st.text())
def test_attack_43_a_next_is_a_path_of_ours_or_the_account(text: str) -> None:
    path = own_path(text)
    assert path.startswith(("/account", "/invitations", "/activate"))
    assert "//" not in path
    assert path.isascii()
    assert path.isprintable()


def test_paths_of_ours() -> None:
    assert own_path("/account/second-factor") == "/account/second-factor"
    assert own_path(None) == "/account"
    assert own_path("/account/../x") == "/account"
    assert own_path("/account\n") == "/account"


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("https://App.Example/callback?x=1", "https://app.example"),
        ("http://127.0.0.1:4711/cb", "http://127.0.0.1:4711"),
        ("http://[::1]:4711/cb", "http:"),
        ("org.example.app:/cb", "org.example.app:"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://a.example; script-src *", "https:"),
        ("nonsense", None),
        ("http://x:y", None),
    ],
)
def test_where_forms_may_lead(address: str, source: str | None) -> None:
    assert form_source(address) == source


@given(st.lists(st.text(), max_size=3))
def test_attack_21_no_address_adds_a_directive_to_the_policy(addresses: list[str]) -> None:
    policy = content_policy(addresses)
    assert [part.split()[0] for part in policy.split("; ")] == [
        *("default-src", "style-src", "img-src", "form-action", "frame-ancestors", "base-uri")
    ]


def test_a_device_is_known_for_the_accounts_that_signed_in_there() -> None:
    cookie = DEVICES.remembering(None, "li", NOW)
    first = DEVICES.known(cookie, "li", NOW)
    cookie = DEVICES.remembering(cookie, "wang", NOW)
    assert DEVICES.known(cookie, "li", NOW) == first
    assert DEVICES.known(cookie, "wang", NOW) not in (None, first)
    assert DEVICES.known(cookie, "zhao", NOW) is None
    assert KnownDevices("another secret").known(cookie, "li", NOW) is None


def test_a_device_is_forgotten_after_its_time_and_not_known_before() -> None:
    cookie = DEVICES.remembering(None, "li", NOW)
    assert DEVICES.known(cookie, "li", NOW + timedelta(days=KNOWN_DAYS)) is not None
    assert DEVICES.known(cookie, "li", NOW + timedelta(days=KNOWN_DAYS + 1)) is None
    assert DEVICES.known(cookie, "li", NOW - timedelta(days=1)) is None


def test_the_oldest_account_of_a_device_goes() -> None:
    cookie = None
    for number in range(11):
        cookie = DEVICES.remembering(cookie, f"user {number}", NOW)
    assert DEVICES.known(cookie, "user 0", NOW) is None
    assert DEVICES.known(cookie, "user 1", NOW) is not None
    assert cookie is not None
    assert len(cookie) < 1000


@given(st.text(max_size=2000))
def test_attack_45_no_cookie_but_ours_makes_a_device_known(cookie: str) -> None:
    assert DEVICES.known(cookie, "li", NOW) is None
    assert DEVICES.known(DEVICES.remembering(cookie, "li", NOW), "li", NOW) is not None


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge · Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari · iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 MicroMessenger/8.0", "WeChat · Android"),
        ("Mozilla/5.0 (Phone; OpenHarmony 5.0) Chrome/114.0 HuaweiBrowser/5.0", "Huawei Browser · HarmonyOS"),
        ("python-requests/2.32", None),
        (None, None),
    ],
)
def test_what_a_browser_is_called(agent: str | None, name: str | None) -> None:
    assert device_name(agent) == name
