"""The platform's calendar: one row."""

from datetime import date

from sqlalchemy import CheckConstraint, SmallInteger
from sqlmodel import Field

from services.auth.tables import Table


class Calendar(Table, table=True):
    """Where the platform's days begin, and up to which of them the other services were told.

    Without a day they have yet to be told of everybody.
    """

    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: int = Field(
        default=1, sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"server_default": "1"}
    )
    time_zone: str = Field(default="Asia/Shanghai", sa_column_kwargs={"server_default": "Asia/Shanghai"})
    told_on: date | None = None
