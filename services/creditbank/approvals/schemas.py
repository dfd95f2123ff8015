"""Answers of the list of what waits."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.creditbank.institutions.schemas import NamedInstitution


class Waiting(BaseModel):
    """Something that waits for a decision of yours. `kind` and `id` lead to its address."""

    kind: Literal[
        "rule", "transfer", "recognition", "recognition-offer", "award", "rescission", "correction", "file"
    ]
    id: UUID = Field(description="as in /v1/rules/{id}, /v1/transfers/{id} and so on")
    institution: NamedInstitution
    since: datetime
