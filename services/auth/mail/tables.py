"""The table of mail that waits to be sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.auth.tables import Table, key, moment


class Mail(Table, table=True):
    """A mail between the transaction that wanted it and the server that takes it; then the row is gone."""

    __table_args__ = (Index("ix_mail_due_at", "due_at"),)

    id: UUID = key()
    recipient: str
    subject: str
    body: str
    created_at: datetime = moment()
    due_at: datetime = moment()
    until: datetime = Field(description="later it is of no use to anybody and is not sent")
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
