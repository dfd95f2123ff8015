"""Bodies of the subscriptions' interface."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, model_validator

from libs.common.fields import Key, Line, fault
from services.creditbank.xapi.validation.fields import Identified, Iri


def _username(value: str) -> str:
    if ":" in value:  # RFC 7617, section 2
        raise fault("username", "must not contain a colon", "不得包含冒号")
    return value


class Filters(BaseModel):
    """What a statement must have to be sent; what is left out may be anything."""

    model_config = ConfigDict(extra="forbid")

    verb: Iri | None = None
    activity: Annotated[Iri | None, Field(description="the id of the statement's object")] = None
    agent: Annotated[
        Identified | None,
        Field(description="who acts or is the object, alone or in a group; JSON as in statements"),
    ] = None


class StoreCredential(BaseModel):
    """What another record store asks for."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[Key, AfterValidator(_username)]
    password: SecretStr = Field(min_length=1, max_length=500)


class NewSubscription(BaseModel):
    """Where statements are to be sent from now on, or from `since` on."""

    model_config = ConfigDict(extra="forbid")

    organisation: UUID
    name: Line
    kind: Literal["webhook", "record-store"]
    address: Annotated[
        str,
        Field(max_length=2000, description="https://; of a record store that which /statements belongs to"),
    ]
    filters: Filters = Filters()
    since: AwareDatetime | None = None
    credential: StoreCredential | None = None

    @model_validator(mode="after")
    def prove_who_sends(self) -> Self:
        """Record stores ask for a credential; webhooks get a secret instead."""
        if (self.kind == "record-store") != (self.credential is not None):
            raise fault(
                "credential",
                "must have a credential for a record store, and for nothing else",
                "仅 record-store 须给出 credential",
            )
        return self


class Change(BaseModel):
    """Pause or resume."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["active", "paused"]


class SubscriptionChange(BaseModel):
    """What became of a subscription, and by whom."""

    act: Literal["created", "paused", "resumed", "ended", "sent again"]
    by: UUID
    at: datetime


class Subscription(BaseModel):
    """Where statements go, how many went, and what is in the way."""

    id: UUID
    organisation: UUID
    name: str
    kind: Literal["webhook", "record-store"]
    address: str
    filters: Filters
    status: Literal["active", "paused", "ending", "ended"] = Field(
        description="ending: it was to somebody who was erased, which is being told"
    )
    delivered: int
    dead_letters: int
    failing_since: datetime | None
    last_error: str | None
    created_at: datetime
    changes: list[SubscriptionChange]


class CreatedSubscription(Subscription):
    """A subscription just created; `secret` verifies a webhook's signatures and is told this once."""

    secret: str | None


class DeadLetter(BaseModel):
    """A delivery that was given up; statements that were erased since are not in it any more."""

    id: UUID
    type: Literal["statements.stored", "statements.erased", "statements.changed"]
    attempts: int
    error: str | None
    tried_at: datetime | None
    statements: list[UUID]
