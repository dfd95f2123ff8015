"""Totals of credits, added up from the credit bank's postings."""

from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.spaces.tables import Table


class CreditTotal(Table, table=True):
    """What one institution has credited to a person in one scheme; `amount` in hundredths of a credit."""

    __tablename__ = "credit_total"

    person: UUID = Field(primary_key=True)
    scheme: str = Field(primary_key=True, sa_type=Text)
    institution: UUID = Field(primary_key=True)
    amount: int = Field(sa_type=BigInteger)
    entries: int = Field(sa_type=BigInteger)
