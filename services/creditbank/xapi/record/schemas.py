"""Answers of the record routes."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, Field

from services.creditbank.times import Moment
from services.creditbank.xapi.record.rules import Kind


class Place(BaseModel):
    """An organisation; its name is null until the news of it has arrived."""

    id: UUID
    name: str | None


class Named(BaseModel):
    """A verb: its IRI, and its name in the language that suits best."""

    id: str
    name: str | None


class Activity(Named):
    """What it was done with. `type` is the IRI of a type of activity, null where nobody told one."""

    type: str | None
    kind: str = Field(description="Activity, Agent, Group, StatementRef or SubStatement")


class Course(BaseModel):
    """What credits were given for."""

    id: UUID
    title: str | None
    code: str | None


class Credit(BaseModel):
    """A line of the books."""

    entry: str = Field(description="deposit, redemption, expiry, …")
    name: str
    scheme: str
    credits: str
    course: Course | None
    grade: str | None
    earned_on: date | None
    learner: UUID
    sequence: int


class Brought(BaseModel):
    """With which import something came from elsewhere."""

    # `import` cannot be the name of an attribute
    brought: UUID = Field(alias="import")
    address: str
    signed_by: str | None = Field(description="the known key that signed the export; null: unverified")


class Elsewhere(Brought):
    """Where a statement came from that the learner brought; who vouched for it there."""

    authority: dict[str, Any] | None


class Document(BaseModel):
    """Activity state, or a profile of an agent that the learner is."""

    key: str
    resource: Literal["activities/state", "agents/profile"]
    organisation: Place | None = Field(description="whose record store it is in; null: from elsewhere")
    activity: str | None
    registration: UUID | None
    id: str
    content_type: str
    size: int = Field(description="bytes")
    etag: str
    modified_at: datetime
    elsewhere: Brought | None


class Line(BaseModel):
    """One thing in a learner's life: a statement of a record store, or an entry of the books."""

    kind: Kind
    id: UUID
    happened_at: datetime = Field(description="as the statement says; of an entry when it was recorded")
    recorded_at: datetime
    organisation: Place | None = Field(
        description="whose record store it is in, or who gave the credits; null: of no institution here"
    )
    verb: Named | None
    activity: Activity | None
    result: dict[str, Any] | None = Field(description="as the statement tells it, without extensions")
    credit: Credit | None
    elsewhere: Elsewhere | None


KindOf = Annotated[Kind | None, Query(description="statements only, or credits only")]
Iri = Annotated[str | None, Query(max_length=2_000, description="only statements with this IRI")]
Words = Annotated[
    str | None,
    Query(max_length=200, description="words that all are in names of a line, in whichever language"),
]
From = Annotated[Moment | None, Query(alias="from", description="the first time (RFC 3339) of what is shown")]
Until = Annotated[Moment | None, Query(description="the first time (RFC 3339) of what is no longer shown")]
DocumentKey = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="as the list of documents tells it")]
