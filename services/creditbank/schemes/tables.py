"""The table of schemes, a reference table that every shard holds."""

from sqlalchemy import CheckConstraint, SmallInteger
from sqlmodel import Field

from services.creditbank.tables import Table, scheme_key


class Scheme(Table, table=True):
    """A kind of credit: what one unit of an amount is."""

    __table_args__ = (CheckConstraint("decimals = 2", name="decimals"),)

    id: int = scheme_key()
    code: str = Field(unique=True)
    title_en: str
    title_zh: str
    decimals: int = Field(sa_type=SmallInteger)
