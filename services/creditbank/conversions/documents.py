"""The terms of a conversion as they are written and stored: JSON, amounts as decimal text."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.fields import Key
from services.creditbank.conversions.rules import LARGEST_RATIO_TERM, MOST_MONTHS, Bar, Terms
from services.creditbank.ledger.rules import AMOUNT_PATTERN, hundredths

#: decimal text of an amount, which may be nothing
Amount = Annotated[str, Field(pattern=AMOUNT_PATTERN, examples=["60.00"])]
_Grade = Annotated[Key, Field(max_length=50)]
_Term = Annotated[int, Field(ge=1, le=LARGEST_RATIO_TERM, strict=True)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BarDocument(_Strict):
    """What a result must reach."""

    minimum_grade: _Grade | None = None
    grades: list[_Grade] = Field(default=[], max_length=200, description="a scale, from the lowest grade up")
    maximum_age_months: Annotated[int, Field(ge=1, le=MOST_MONTHS, strict=True)] | None = None

    def bar(self) -> Bar:
        return Bar(self.minimum_grade, tuple(self.grades), self.maximum_age_months)


class ConversionDocument(_Strict):
    """The terms of a conversion: target = source x numerator / denominator, rounded down to whole steps."""

    kind: Literal["conversion"]
    target: Key = Field(description="the code of the scheme converted into")
    numerator: _Term
    denominator: _Term
    step: Amount = Field(default="0.01", description="the least that is expressed in the target scheme")
    most: Amount | None = Field(
        default=None, description="the most one learner may convert, over all versions"
    )
    issuers: list[UUID] | None = Field(default=None, min_length=1, max_length=500)
    courses: list[UUID] | None = Field(default=None, min_length=1, max_length=2_000)
    bar: BarDocument = BarDocument()

    def terms(self) -> Terms:
        return Terms(
            self.numerator,
            self.denominator,
            hundredths(self.step),
            None if self.most is None else hundredths(self.most),
            frozenset(self.issuers) if self.issuers else None,
            frozenset(self.courses) if self.courses else None,
            self.bar.bar(),
        )
