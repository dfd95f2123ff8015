"""Where statements may be sent, and when they are sent again."""

import asyncio
import base64

import pytest

from services.creditbank.xapi.subscriptions.rules import (
    MOST_ATTEMPTS,
    MOST_BYTES,
    first_that_fit,
    is_allowed_address,
    is_allowed_network,
    pause_s,
    signature,
)
from services.creditbank.xapi.subscriptions.sending import Sender, TargetFailed


@pytest.mark.parametrize(
    ("ip", "allowed"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        *(
            (ip, False)
            for ip in (
                "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
                "0.0.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1",
                "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::1",
            )
        ),
    ],
)  # fmt: skip
def test_statements_go_into_public_networks_only(ip: str, *, allowed: bool) -> None:
    assert is_allowed_network(ip, development=False, private=False) is allowed


def test_loopback_is_for_development_and_private_networks_for_whom_they_are_set() -> None:
    assert is_allowed_network("127.0.0.1", development=True, private=False)
    assert not is_allowed_network("10.0.0.1", development=True, private=False)
    assert is_allowed_network("10.0.0.1", development=False, private=True)
    assert not is_allowed_network("169.254.169.254", development=True, private=True)


def test_plain_http_is_for_this_machine_in_development() -> None:
    assert is_allowed_address("http://127.0.0.1:8080/x", development=True, private=False)
    assert not is_allowed_address("http://127.0.0.1:8080/x", development=False, private=False)
    assert not is_allowed_address("http://localhost.example.org/", development=True, private=False)
    assert is_allowed_address("https://example.org:8443/x?y=z", development=False, private=False)
    assert not is_allowed_address("https://example.org:99999/", development=False, private=False)


@pytest.mark.parametrize(
    "address", ["https://127.0.0.1/", "https://localhost/", "https://[::ffff:10.1.1.1]/"]
)
def test_a_name_is_judged_by_where_it_leads(address: str) -> None:
    sender = Sender(development=False, private=False)
    with pytest.raises(TargetFailed, match="not allowed"):
        asyncio.run(sender.send(address, {}, b""))


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's own libraries."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_pauses_grow_up_to_most_of_a_day() -> None:
    pauses = [pause_s(attempts) for attempts in range(MOST_ATTEMPTS)]
    assert pauses == sorted(pauses)
    assert 12 * 3600 < sum(pauses[:-1]) < 36 * 3600


def test_a_delivery_has_a_bounded_size_but_at_least_one_statement() -> None:
    assert first_that_fit([1, 2, 3], [MOST_BYTES * 2, 1, 1]) == [1]
    assert first_that_fit([1, 2, 3], [1, MOST_BYTES, 1]) == [1]
    assert first_that_fit(list(range(500)), [1] * 500) == list(range(100))
    assert first_that_fit([], []) == []
