"""Totals of credits, added up from the credit bank's postings."""

from uuid import UUID

from sqlalchemy import BigInteger, Text, text
from sqlmodel import Field

from services.spaces.tables import Table


class CreditTotal(Table, table=True):
    """What a person has of one institution in one scheme, in hundredths of a credit.

    `amount` is what was credited less what was revoked, expired or converted into another scheme; `redeemed`
    is how much of it counts for awards.
    """

    __tablename__ = "credit_total"

    person: UUID = Field(primary_key=True)
    scheme: str = Field(primary_key=True, sa_type=Text)
    institution: UUID = Field(primary_key=True)
    amount: int = Field(sa_type=BigInteger)
    redeemed: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    entries: int = Field(sa_type=BigInteger)
