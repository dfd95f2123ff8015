"""Bodies of the organisations' interface."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.fields import Line
from services.auth.organisations.rules import OrganisationStatus, OrganisationType


class Organisation(BaseModel):
    """A node of the tree; `ancestors` is the path from the root down to and including itself."""

    id: UUID
    version: int
    status: OrganisationStatus
    type: OrganisationType
    name: str
    parent: UUID | None
    ancestors: list[UUID]
    identifier: str | None


class NewOrganisation(BaseModel):
    """An organisation to be."""

    model_config = ConfigDict(extra="forbid")

    parent: UUID
    type: OrganisationType
    name: Line
    identifier: Line | None = None


class OrganisationChange(BaseModel):
    """Facts set by hand; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(default=None)]
    identifier: Line | None = None


class Move(BaseModel):
    """Where an organisation goes."""

    model_config = ConfigDict(extra="forbid")

    parent: UUID
