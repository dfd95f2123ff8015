"""Table of the rights of organisations' clients."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlmodel import Field

from services.auth.tables import Table, moment, reference


class ClientRight(Table, table=True):
    """Which scopes the clients of an organisation and of all below it may hold; without a row, inherited."""

    __tablename__ = "client_right"

    organisation_id: UUID = reference("organisation.id", primary_key=True)
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    decided_at: datetime = moment()
    decided_by: UUID | None = reference("person.id", nullable=True)
