"""Bodies of the activities resource."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Activity(BaseModel):
    """An activity (xAPI 1.0.3, part two, 2.4.4.1); without a definition if nobody gave one."""

    model_config = ConfigDict(extra="forbid")

    objectType: Literal["Activity"]  # noqa: N815  the specification's name
    id: str
    definition: dict[str, Any] | None = None
