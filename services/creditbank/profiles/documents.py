"""What a stored profile says: which column is what, and how its values are written."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from libs.common.fields import Key, Line, fault
from services.creditbank.files.days import LONGEST, reader
from services.creditbank.files.rules import Encoding, Profile


def _form(value: str) -> str:
    try:
        reader(value)
    except ValueError:
        raise fault("date_format", "must name year, month and day once", "年、月、日须各出现一次") from None
    return value


DayForm = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST), AfterValidator(_form)]
_Grade = Annotated[Key, Field(max_length=50)]


class Columns(BaseModel):
    """The file's heading of each field; learner and course by the roster's id, or by the product's."""

    model_config = ConfigDict(extra="forbid")

    key: Line | None = None
    learner: Line | None = None
    learner_id: Line | None = Field(default=None, validate_default=True)
    course: Line | None = None
    course_id: Line | None = Field(default=None, validate_default=True)
    credits: Line
    earned_on: Line
    attempt: Line | None = None
    grade: Line | None = None

    @field_validator("*")
    @classmethod
    def named_once(cls, heading: str | None, info: ValidationInfo) -> str | None:
        if heading is not None and heading in info.data.values():
            raise PydanticCustomError("repeated", "names a column twice")
        return heading

    @field_validator("learner_id", "course_id")
    @classmethod
    def named_at_all(cls, heading: str | None, info: ValidationInfo) -> str | None:
        if heading is None and info.data.get(str(info.field_name).removesuffix("_id"), "") is None:
            raise PydanticCustomError("missing", "needs a column")
        return heading


class ProfileDocument(BaseModel):
    """How the files of an institution are read."""

    model_config = ConfigDict(extra="forbid")

    columns: Columns
    date_format: DayForm = Field(
        default="YYYY-MM-DD",
        description="YYYY, MM or M, DD or D, with anything but letters and digits among them; days as in"
        " ISO 8601 are always read",
        examples=["YYYY年M月D日"],
    )
    decimal_mark: Literal[".", ","] = "."
    delimiter: Literal[",", ";", "\t", "|"] | None = Field(
        default=None, description="guessed from the header unless said"
    )
    encoding: Encoding = Field(default="utf-8", description="gb18030 reads GBK and GB 2312 as well")
    grades: Annotated[dict[_Grade, _Grade | None], Field(max_length=200)] = Field(
        default={}, description="the bank's grade for the file's; null where it earns no credits"
    )
    unknown_grades: Literal["keep", "refuse"] = Field(
        default="keep", description="what becomes of grades that `grades` does not name"
    )

    def profile(self, code: str) -> Profile:
        """What reads files by it."""
        columns = {name: heading for name, heading in self.columns if heading is not None}
        return Profile(
            code,
            "rows",
            columns,
            self.date_format,
            self.decimal_mark,
            self.encoding,
            self.delimiter,
            self.grades,
            self.unknown_grades == "keep",
        )
