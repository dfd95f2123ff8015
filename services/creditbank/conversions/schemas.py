"""Bodies and answers of conversions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from libs.common.fields import Key
from services.creditbank.conversions.documents import Amount
from services.creditbank.ledger.rules import Part, hundredths


class LotPart(BaseModel):
    """So much of one lot, named by the number of the entry that issued it."""

    model_config = ConfigDict(extra="forbid")

    lot: Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]
    credits: Amount

    @model_validator(mode="after")
    def something(self) -> "LotPart":
        if not hundredths(self.credits):
            raise PydanticCustomError("greater_than", "must be greater than 0", {"gt": 0})
        return self


def parts_of(lots: list[LotPart]) -> list[Part]:
    return [Part(one.lot, hundredths(one.credits)) for one in lots]


class QuoteBody(BaseModel):
    """What to convert, all from one book."""

    model_config = ConfigDict(extra="forbid")

    rule: UUID
    lots: list[LotPart] = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def once_each(self) -> "QuoteBody":
        if len({one.lot for one in self.lots}) != len(self.lots):
            raise PydanticCustomError("repeated", "names a lot twice")
        return self


class ConversionBody(QuoteBody):
    """A conversion to carry out."""

    key: Key = Field(description="sent again it has no second effect")


class QuoteAnswer(BaseModel):
    """What the credits would become, lot by lot in the order sent."""

    rule: UUID
    spent: str
    issued: str
    credits: list[str]
    remainder: int = Field(description="spent x numerator = issued x denominator + remainder, in hundredths")


class ConvertedLot(BaseModel):
    """What one lot became."""

    of: int = Field(description="the lot that was converted")
    lot: int = Field(description="the new one, in the other scheme")
    credits: str


class ConversionAnswer(BaseModel):
    """A conversion: spent x numerator = issued x denominator + remainder, in hundredths."""

    id: UUID = Field(description="the entry that took the credits")
    rule: UUID
    scheme: str
    target: str
    recorded_at: datetime
    reversed_by: UUID | None = Field(description="the entry by which it was taken back")
    spent: str
    issued: str
    remainder: int
    numerator: int
    denominator: int
    lots: list[ConvertedLot]
