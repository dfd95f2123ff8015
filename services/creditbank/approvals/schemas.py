"""Answers of the list of what waits."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.creditbank.institutions.schemas import NamedInstitution


class Waiting(BaseModel):
    """Something that waits for a decision of yours. `kind` and `id` lead to its address."""

    kind: Literal[
        "rule",
        "transfer",
        "recognition",
        "recognition-offer",
        "award",
        "rescission",
        "correction",
        "file",
        "registration",
        "case",
        "appeal",
    ]
    id: UUID = Field(description="as in /v1/rules/{id}, of a registration the institution's")
    institution: NamedInstitution
    since: datetime
    due: datetime | None = Field(description="by when it should be decided, where there is such a day")
