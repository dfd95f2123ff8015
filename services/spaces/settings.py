"""Everything spaces reads from outside, as environment variables with the prefix SPACES_."""

from typing import Final

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.common.settings import ServiceSettings

AUDIENCE: Final = "urn:xuebu:spaces"
AUTH_AUDIENCE: Final = "urn:xuebu:auth"


class SpacesSettings(ServiceSettings):
    """The settings of spaces."""

    model_config = SettingsConfigDict(env_prefix="SPACES_", frozen=True, extra="ignore")

    port: int = Field(default=8002, ge=0, le=65535)
    issuer_audience: str | None = AUTH_AUDIENCE
    auth_address: str = Field(description="address of auth, whose event feed fills gaps in the stream")
    creditbank_address: str = Field(description="address of creditbank, for the same")
    current_within_seconds: float = Field(
        default=10.0,
        gt=0,
        description="how old the knowledge of a neighbour may be and still count as current",
    )
