"""Bodies of prunings."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from libs.common.fields import fault
from services.creditbank.xapi.validation.fields import Identified, Iri


class Filters(BaseModel):
    """What a statement must have to be removed, all of it; at least one is named."""

    model_config = ConfigDict(extra="forbid")

    verb: Iri | None = None
    activity: Annotated[Iri | None, Field(description="the id of the statement's object")] = None
    agent: Annotated[Identified | None, Field(description="who acts; JSON as in statements")] = None
    stored_before: AwareDatetime | None = None
    happened_before: Annotated[AwareDatetime | None, Field(description="by the statement's timestamp")] = None

    @model_validator(mode="after")
    def name_something(self) -> Self:
        """A whole store is not emptied by an empty filter."""
        if not self.model_fields_set or all(value is None for _, value in self):
            raise fault("filters", "must name at least one condition", "至少须给出一个条件")
        return self

    def told(self) -> dict[str, Any]:
        """As it is kept, and shown again."""
        return self.model_dump(mode="json", exclude_none=True)


class Pruning(BaseModel):
    """Which statements of which organisation are to be removed."""

    model_config = ConfigDict(extra="forbid")

    organisation: UUID
    filters: Filters


class Preview(BaseModel):
    """What a pruning by these filters would do now; nothing was done."""

    statements: int = Field(description="would be removed, with those that void them")
    kept: int = Field(description="named by the filters, but kept: evidence of credits")
