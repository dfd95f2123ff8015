"""Bodies of the rights' interface."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.fields import Key


class Rights(BaseModel):
    """Which scopes the clients of an organisation may hold."""

    organisation: UUID
    scopes: list[str] = Field(description="what they may hold now")
    decided: list[str] | None = Field(description="what was decided here; null: as the organisation above")
    possible: list[str] = Field(description="what the organisation above has to give")


class RightsDecision(BaseModel):
    """What an organisation's clients may hold from now on; null lets it inherit again."""

    model_config = ConfigDict(extra="forbid")

    scopes: Annotated[list[Key], Field(max_length=40)] | None
