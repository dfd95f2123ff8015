"""Everything creditbank reads from outside, as environment variables with the prefix CREDITBANK_."""

from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from libs.common.settings import DEVELOPMENT_SECRET, ServiceSettings

AUDIENCE: Final = "urn:xuebu:creditbank"
AUTH_AUDIENCE: Final = "urn:xuebu:auth"
MIN_SECRET_CHARACTERS: Final = 32


class CreditbankSettings(ServiceSettings):
    """The settings of creditbank."""

    model_config = SettingsConfigDict(env_prefix="CREDITBANK_", frozen=True, extra="ignore")

    port: int = Field(default=8003, ge=0, le=65535)
    issuer_audience: str | None = AUTH_AUDIENCE
    auth_address: str = Field(default="http://127.0.0.1:8001", description="where auth's events are read")
    key_encryption_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        description="wraps the learners' shred keys at rest; at least 32 random characters",
    )
    current_within_seconds: float = Field(
        default=10.0, gt=0, description="how old the knowledge of auth may be and still count as current"
    )
    posting_writers: int = Field(
        default=2, ge=1, le=16, description="calls of the posting function at one time; the others are merged"
    )

    sweep_interval_seconds: float = Field(
        default=60.0, gt=0, description="the time between two looks for holds that lapse and lots that expire"
    )

    registration: Literal["automatic", "reviewed"] = Field(
        default="automatic", description="whether organisations may post at once, or apply and are reviewed"
    )
    xapi_body_limit: int = Field(
        default=33_554_432,
        ge=1_048_576,
        description="largest body the learning record store takes, in bytes, packed or not",
    )
    xapi_origins: str = Field(
        default="*",
        description="web origins whose pages may call the learning record store, parted by commas; * is any",
    )
    log_directory: Path | None = Field(
        default=None, description="where the public log's files are; without it there is none"
    )
    log_interval_seconds: float = Field(
        default=1.0, gt=0, le=4, description="the least time between two checkpoints of the public log"
    )
    sequence_while_serving: bool = Field(
        default=True, description="whether the sequencer runs in the server; else as a process of its own"
    )

    @model_validator(mode="after")
    def refuse_a_weak_key(self) -> Self:
        """Outside development the key encryption key must be long enough to be random."""
        key = self.key_encryption_key.get_secret_value()
        if self.environment != "development" and len(key) < MIN_SECRET_CHARACTERS:
            raise ValueError(f"key_encryption_key must have at least {MIN_SECRET_CHARACTERS} characters")
        return self
