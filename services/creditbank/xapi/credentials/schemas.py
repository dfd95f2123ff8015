"""Bodies of the credentials' interface."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from libs.common.fields import Line
from services.creditbank.xapi.protocol.rules import Scope


def _ahead(value: datetime) -> datetime:
    if value <= datetime.now(UTC):
        raise PydanticCustomError("datetime_future", "must lie in the future")
    return value


class NewCredential(BaseModel):
    """A credential to be issued."""

    model_config = ConfigDict(extra="forbid")

    organisation: UUID
    name: Annotated[Line, Field(description="which tool it is for; shown in the authority of statements")]
    scopes: Annotated[
        list[Scope], Field(min_length=1, max_length=8, description="xAPI 1.0.3, part three, 4.2")
    ] = ["statements/write", "statements/read/mine"]
    expires_at: Annotated[AwareDatetime, AfterValidator(_ahead)] | None = None


class CredentialChange(BaseModel):
    """What became of a credential, and by whom."""

    act: Literal["issued", "revoked"]
    by: UUID
    at: datetime


class Credential(BaseModel):
    """A user name for an organisation's record store."""

    id: UUID
    organisation: UUID
    name: str
    username: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    changes: list[CredentialChange]


class IssuedCredential(Credential):
    """A credential just issued; its password is told this once and cannot be read again."""

    password: str
