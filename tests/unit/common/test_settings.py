"""What a service refuses to start with (attack 80)."""

import pytest
from pydantic import ValidationError

from libs.common.settings import ServiceSettings


def _settings(issuer: str) -> ServiceSettings:
    return ServiceSettings(environment="production", database="d", redis="r", issuer=issuer)


@pytest.mark.parametrize(
    "issuer", ["https://id.example", "http://127.0.0.1:8001", "http://localhost:1", "http://[::1]:1"]
)
def test_an_issuer_is_encrypted_or_on_this_machine(issuer: str) -> None:
    assert _settings(issuer).issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example",
        "http://localhost.id.example",
        "http://127.0.0.1.id.example",
        "http://127.0.0.1@id.example",
        "http://[::1",
        "https://",
        "id.example",
        "",
    ],
)
def test_any_other_issuer_is_refused(issuer: str) -> None:
    with pytest.raises(ValidationError, match="https"):
        _settings(issuer)
