"""Table of what activities are called."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.creditbank.tables import Table


class XapiActivity(Table, table=True):
    """An activity as an organisation's statements define it together; `key` is the SHA-256 of its id."""

    __tablename__ = "xapi_activity"

    organisation: UUID = Field(primary_key=True)
    key: bytes = Field(primary_key=True)
    id: str
    definition: dict[str, Any] = Field(sa_type=JSONB)
