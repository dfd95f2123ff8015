"""What a service refuses to start with (attack 80)."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from libs.common.settings import DEVELOPMENT_SECRET, ServiceSettings
from services.auth.settings import AuthSettings
from services.creditbank.settings import CreditbankSettings


def _settings(issuer: str, **changes: Any) -> ServiceSettings:
    return ServiceSettings(environment="production", database="d", redis="r", issuer=issuer, **changes)


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
def test_attack_80_any_other_issuer_is_refused(issuer: str) -> None:
    with pytest.raises(ValidationError, match="https"):
        _settings(issuer)


@pytest.mark.parametrize("name", ["public_address", "jwks_address", "token_address", "revocations_address"])
def test_attack_80_keys_and_secrets_go_over_no_plain_text(name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name} must be https"):
        _settings("https://id.example", **{name: "http://id.example/x"})
    assert _settings("https://id.example", **{name: "http://127.0.0.1:8001/x"})


def test_attack_80_no_debug_logs() -> None:
    with pytest.raises(ValidationError, match="DEBUG"):
        _settings("https://id.example", log_level="DEBUG")


@pytest.mark.parametrize("secret", [DEVELOPMENT_SECRET, "short"])
@pytest.mark.parametrize("service", [AuthSettings, CreditbankSettings])
def test_attack_80_no_default_and_no_short_secret(service: type[Any], secret: str) -> None:
    values = {"environment": "production", "database": "d", "redis": "r", "issuer": "https://id.example"}
    with pytest.raises(ValidationError, match="key_encryption_key") as refused:
        service(**values, key_encryption_key=SecretStr(secret))
    assert secret not in str(refused.value).replace("development value", "")
    assert service(**values, key_encryption_key=SecretStr("k" * 32)).environment == "production"


def test_attack_80_no_default_secret_of_the_services_client() -> None:
    with pytest.raises(ValidationError, match="client_secret"):
        _settings("https://id.example", client_id="us", client_secret=SecretStr(DEVELOPMENT_SECRET))
