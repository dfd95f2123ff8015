"""Everything creditbank reads from outside, as environment variables with the prefix CREDITBANK_."""

from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from libs.common.settings import DEVELOPMENT_SECRET, ServiceSettings, is_safe_address
from services.creditbank.log.notes import NoteBroken, Verifier, read_verifier

AUDIENCE: Final = "urn:xuebu:creditbank"
AUTH_AUDIENCE: Final = "urn:xuebu:auth"
SPACES_AUDIENCE: Final = "urn:xuebu:spaces"
MIN_SECRET_CHARACTERS: Final = 32


NODE_PATTERN: Final = r"^([a-z0-9][a-z0-9-]{0,62})?$"


class Neighbour(BaseModel):
    """Another bank node: where it is, which client it calls with, and the keys of its public logs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NODE_PATTERN, min_length=1)
    address: str
    client_id: str
    keys: tuple[str, ...] = Field(min_length=1, description="verifier keys, as C2SP signed-note writes them")

    @field_validator("keys")
    @classmethod
    def readable(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Each is an Ed25519 verifier key."""
        for key in keys:
            try:
                read_verifier(key)
            except NoteBroken as error:
                raise ValueError(str(error)) from None
        return keys

    @property
    def verifiers(self) -> list[Verifier]:
        return [read_verifier(key) for key in self.keys]


class CreditbankSettings(ServiceSettings):
    """The settings of creditbank."""

    model_config = SettingsConfigDict(env_prefix="CREDITBANK_", frozen=True, extra="ignore")

    port: int = Field(default=8003, ge=0, le=65535)
    issuer_audience: str | None = AUTH_AUDIENCE
    auth_address: str = Field(default="http://127.0.0.1:8001", description="where auth's events are read")
    spaces_address: str | None = Field(
        default=None, description="where learning events of spaces are read; without it none are told here"
    )
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

    node: str = Field(
        default="", pattern=NODE_PATTERN, description="what this bank node is called by the others"
    )
    nodes: tuple[Neighbour, ...] = Field(
        default=(), description="the other bank nodes, as JSON: name, address, client_id, keys"
    )
    move_interval_seconds: float = Field(
        default=5.0, gt=0, description="the time between two looks for moves that are under way"
    )

    xapi_delivery_interval_seconds: float = Field(
        default=1.0, gt=0, description="the time between two looks for statements that others subscribed to"
    )
    xapi_reaction_interval_seconds: float = Field(
        default=1.0,
        gt=0,
        description="the time between two looks for statements that rules turn into credits",
    )
    xapi_private_targets: bool = Field(
        default=False, description="whether statements may be sent into private networks"
    )

    record_summary_interval_seconds: float = Field(
        default=2.0, gt=0, description="the time between two looks for statements to count in summaries"
    )
    record_import_limit: int = Field(
        default=268_435_456,
        ge=1_048_576,
        description="largest export of a record that may be brought, in bytes",
    )
    record_keys: tuple[str, ...] = Field(
        default=(), description="verifier keys of other banks' exports of records, a JSON list"
    )
    record_readings_kept_days: int = Field(
        default=1_095, ge=1, description="how many days it is told who read a learner's record"
    )

    @field_validator("record_keys")
    @classmethod
    def readable_record_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Each is an Ed25519 verifier key."""
        return Neighbour.readable(keys)

    @model_validator(mode="after")
    def know_the_neighbours(self) -> Self:
        """Moves need a name, a public log that proves them, and addresses nobody can listen at."""
        if not self.nodes:
            return self
        if not self.node or self.log_directory is None or not self.client_id:
            raise ValueError("nodes need node, log_directory and client_id to be set too")
        names = [one.name for one in self.nodes]
        if len({self.node, *names}) != len(names) + 1:
            raise ValueError("nodes: two of the names are the same")
        for one in self.nodes:
            if self.environment != "development" and not is_safe_address(one.address):
                raise ValueError(f"nodes: the address of {one.name} must be https:// outside loopback")
        return self

    @property
    def record_issuers(self) -> list[Verifier]:
        """The keys of banks whose exports of records are known."""
        return [read_verifier(key) for key in self.record_keys]

    def neighbour(self, name: str) -> Neighbour | None:
        """The other node of this name."""
        return next((one for one in self.nodes if one.name == name), None)

    @model_validator(mode="after")
    def refuse_a_weak_key(self) -> Self:
        """Outside development the key encryption key must be long enough to be random."""
        key = self.key_encryption_key.get_secret_value()
        if self.environment != "development" and len(key) < MIN_SECRET_CHARACTERS:
            raise ValueError(f"key_encryption_key must have at least {MIN_SECRET_CHARACTERS} characters")
        return self
