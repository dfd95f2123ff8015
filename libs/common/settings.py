"""What a service reads from outside: environment variables with the service's own prefix."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

#: a secret of this value is refused outside development
DEVELOPMENT_SECRET = "development-only"  # noqa: S105
#: who could answer there instead could make tokens, or read the secret of the service's client
_TRUSTED_ADDRESSES = ("public_address", "issuer", "jwks_address", "token_address", "revocations_address")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ServiceSettings(BaseSettings):
    """Settings every service has; each adds its own under its own prefix.

    Addresses are plain text: DSN types reject unix sockets, which the embedded stores use.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    environment: Literal["development", "production"] = "production"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_address: str = "http://127.0.0.1:8000"
    boot_id: str = Field(default="", validation_alias="XUEBU_BOOT_ID")

    database: str = Field(description="PostgreSQL address of the role that serves requests")
    migrations_database: str | None = Field(
        default=None, description="PostgreSQL address of the role that owns the tables"
    )
    redis: str = Field(description="Redis address, redis:// or unix://")
    redis_prefix: str = Field(default="xuebu:", description="prefix of every key and stream")
    pool_size: int = Field(default=4, ge=1, le=100, description="connections per pool and process")

    issuer: str = Field(description="issuer of the access tokens: the identity provider")
    jwks_address: str | None = Field(default=None, description="key set; default: issuer's well-known")
    token_address: str | None = Field(default=None, description="token endpoint; default: issuer's")
    revocations_address: str | None = Field(
        default=None, description="list of revoked tokens; default: issuer's"
    )
    issuer_audience: str | None = Field(
        default=None, description="audience of the issuer's own interface, where revoked tokens are listed"
    )
    client_id: str | None = Field(default=None, description="this service's own client")
    client_secret: SecretStr | None = None

    body_limit: int = Field(default=1_048_576, description="largest request body in bytes")
    requests_per_minute: int = Field(default=6_000, description="per caller; 0 switches the limit off")
    event_retention_days: int = Field(default=90, ge=1, description="how long events can be read again")
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def refuse_development_habits(self) -> Self:
        """Outside development: no default secret, no plain-text address beyond loopback, no debug logs.

        What is written at level DEBUG nobody has looked through for what is personal or secret.
        """
        if self.environment == "development":
            return self
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr) and value.get_secret_value() == DEVELOPMENT_SECRET:
                raise ValueError(f"{name} has its development value; set a secret of your own")
        for name in _TRUSTED_ADDRESSES:
            address = getattr(self, name)
            if address is not None and not is_safe_address(address):
                raise ValueError(f"{name} must be https:// outside loopback")
        if self.log_level == "DEBUG":
            raise ValueError("log_level must not be DEBUG outside development")
        return self

    @property
    def keys_address(self) -> str:
        return self.jwks_address or f"{self.issuer}/.well-known/jwks.json"

    @property
    def token_endpoint(self) -> str:
        return self.token_address or f"{self.issuer}/oauth/token"

    @property
    def revocations_list(self) -> str:
        return self.revocations_address or f"{self.issuer}/v1/revocations"


def is_safe_address(address: str) -> bool:
    """Encrypted, or of this very machine; http://localhost.example.org is somebody else's."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
