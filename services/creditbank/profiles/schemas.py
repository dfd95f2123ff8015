"""Bodies and answers of the routes of profiles."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.fields import Key
from services.creditbank.profiles.documents import ProfileDocument


class ProfileBody(BaseModel):
    """A further version of an institution's profile, or the first."""

    model_config = ConfigDict(extra="forbid")

    institution: UUID
    code: Key = Field(description="the institution's own name of it; files name it as their profile")
    document: ProfileDocument


class ProfileAnswer(BaseModel):
    """One version of a profile. Files are read by the newest version that is not withdrawn."""

    id: UUID
    institution: UUID
    code: str
    version: int
    document: ProfileDocument
    made_by: UUID
    made_at: datetime
    withdrawn_at: datetime | None
