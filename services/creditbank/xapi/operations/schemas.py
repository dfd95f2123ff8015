"""Bodies of what was done with record stores."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.creditbank.xapi.operations.rules import Kind


class Operation(BaseModel):
    """An import, an export, a pruning, or an erasure's part in this store; without `ended_at` it goes on,
    or was cut off."""

    id: UUID
    organisation: UUID
    kind: Kind
    by: UUID | None = Field(description="null for an operator, or for a person erased at auth")
    filters: dict[str, Any] | None
    statements: int = Field(description="taken in, written out, or removed")
    refused: int = Field(description="lines of an import that were not statements to be stored")
    kept: int = Field(description="statements a pruning left, though the filter names them")
    renamed: int = Field(description="statements of others in which the erased person became nobody")
    documents: int = Field(description="documents removed")
    begun_at: datetime
    ended_at: datetime | None
