"""A session ended at auth is over in every service within the stated time (attack 13)."""

import time

import pytest

from infra.dev.calls import Api, CallFailedError
from libs.common.revocations import POLL_S
from tests.e2e.conftest import Product

pytestmark = pytest.mark.e2e
#: on a machine that does other things as well
_PATIENCE_S = 2.0


def is_refused(api: Api, path: str) -> bool:
    try:
        api.get(path)
    except CallFailedError as failure:
        return failure.status == 401
    return False


def test_attack_13_an_ended_session_is_over_everywhere_within_the_stated_time(product: Product) -> None:
    signed_in, other = product.sign_in("student"), product.sign_in("student")
    places = {"spaces": "/v1/portfolio", "creditbank": "/v1/accounts/me"}
    for service, path in places.items():
        assert not is_refused(product.api(service, signed_in.token), path)
    product.api("auth", signed_in.token).call("DELETE", "/v1/sessions/current")
    ended = time.monotonic()
    assert is_refused(product.api("auth", signed_in.token), "/v1/me")
    for service, path in places.items():
        while not is_refused(product.api(service, signed_in.token), path):
            assert time.monotonic() - ended < POLL_S + _PATIENCE_S, service
            time.sleep(0.05)
        assert not is_refused(product.api(service, other.token), path)
