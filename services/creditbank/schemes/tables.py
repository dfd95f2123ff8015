"""The table of schemes, a reference table that every shard holds."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.creditbank.schemes.rules import ROUNDINGS
from services.creditbank.tables import Table, one_of, scheme_key


class Scheme(Table, table=True):
    """A kind of credit: what one unit of an amount is."""

    __table_args__ = (
        CheckConstraint("decimals = 2", name="decimals"),
        CheckConstraint("hours_per_credit > 0", name="hours_per_credit"),
        CheckConstraint("credits_per_year > 0", name="credits_per_year"),
        CheckConstraint(one_of("rounding", ROUNDINGS), name="rounding"),
        CheckConstraint("valid_months between 1 and 1200", name="valid_months"),
    )

    id: int = scheme_key()
    code: str = Field(unique=True)
    title_en: str
    title_zh: str
    decimals: int = Field(sa_type=SmallInteger)
    unit_en: str = Field(default="credit", sa_column_kwargs={"server_default": "credit"})
    unit_zh: str = Field(default="学分", sa_column_kwargs={"server_default": "学分"})
    hours_per_credit: int | None = Field(default=None, description="hundredths of an hour of work")
    credits_per_year: int | None = Field(default=None, description="hundredths; of full-time study")
    rounding: str = Field(default="down", sa_column_kwargs={"server_default": "down"})
    valid_months: int | None = Field(
        default=None, sa_type=SmallInteger, description="credits expire so long after they were earned"
    )
    level_framework: str | None = None
    levels: list[str] = Field(
        default_factory=list, sa_type=ARRAY(String), sa_column_kwargs={"server_default": text("'{}'")}
    )


class GradingScale(Table, table=True):
    """Grades of a scheme, best first. A version is never altered: lots keep the grade they came with."""

    __tablename__ = "grading_scale"

    scheme: int = scheme_key()
    code: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    title_en: str
    title_zh: str
    grades: bytes = Field(sa_type=JSON)
    added_at: datetime = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
