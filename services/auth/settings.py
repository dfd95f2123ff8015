"""Everything auth reads from outside, as environment variables with the prefix AUTH_."""

from typing import Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from libs.common.settings import DEVELOPMENT_SECRET, ServiceSettings
from services.auth.mail.rules import address, is_server

AUDIENCE: Final = "urn:xuebu:auth"
MIN_SECRET_CHARACTERS: Final = 32


class AuthSettings(ServiceSettings):
    """The settings of auth."""

    model_config = SettingsConfigDict(
        env_prefix="AUTH_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    port: int = Field(default=8001, ge=0, le=65535)
    key_encryption_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        description="seals the private signing keys at rest; at least 32 random characters",
    )
    access_token_seconds: int = Field(default=600, ge=60, le=3600, description="life of an access token")
    session_hours: int = Field(default=12, ge=1, le=720, description="longest life of a sign-in session")
    hashing_threads: int = Field(default=2, ge=1, le=64, description="passwords checked at the same time")
    hashing_queue: int = Field(default=64, ge=0, le=10_000, description="sign-ins that may wait; then 503")
    erasure_wait_days: int = Field(
        default=30, ge=1, le=365, description="how long an erasure can be withdrawn before it happens"
    )
    trusted_proxies: str = Field(
        default="", description="addresses whose X-Forwarded-For is believed, separated by commas"
    )

    mail_server: str = Field(
        default="",
        description="smtp+starttls://host:587, smtps://host:465, smtp:// on this machine, or file:/folder;"
        " without it no mail is sent",
    )
    mail_sender: str = Field(default="xuebu@localhost.localdomain", description="From of every mail")
    mail_username: str | None = Field(default=None, description="the mail server's account, if it wants one")
    mail_password: SecretStr | None = None
    mail_certificates: str | None = Field(
        default=None,
        description="file of the authorities that certify the mail server; default: the system's",
    )

    @model_validator(mode="after")
    def refuse_a_careless_mail_server(self) -> Self:
        """Mail carries links that open accounts: it leaves this machine encrypted or not at all."""
        if self.mail_server and not is_server(self.mail_server):
            raise ValueError(
                "mail_server must be smtp+starttls://, smtps:// or file:/; smtp:// on loopback only"
            )
        if address(self.mail_sender) is None:
            raise ValueError("mail_sender must be a mail address")
        return self

    time_zone: str = Field(
        default="Asia/Shanghai",
        description="where the platform's days begin: when one is 14, when a role ends",
    )

    @field_validator("time_zone")
    @classmethod
    def refuse_an_unknown_zone(cls, name: str) -> str:
        """The zone must be one of the IANA time zone database."""
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"{name} is no time zone of this machine; UTC and Asia/Shanghai are usual"
            ) from None

    @model_validator(mode="after")
    def refuse_a_weak_key(self) -> Self:
        """Outside development the key encryption key must be long enough to be random."""
        key = self.key_encryption_key.get_secret_value()
        if self.environment != "development" and len(key) < MIN_SECRET_CHARACTERS:
            raise ValueError(f"key_encryption_key must have at least {MIN_SECRET_CHARACTERS} characters")
        return self
