"""Bodies of the guardians' interface."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.auth.guardians.rules import Consent, Decision


class ConsentText(BaseModel):
    """What a guardian consents to, in the caller's language."""

    version: str
    title: str
    body: str


class OwnDecision(BaseModel):
    """What the caller decided last for a child."""

    decision: Decision
    decided_at: datetime
    text_version: str


class Child(BaseModel):
    """A child in the caller's care.

    `consent` is what all guardians' decisions come to: `not-needed` from 14 on, `missing`, or the decision
    that counts, an objection before consent.
    """

    person: UUID
    given_name: str
    family_name: str
    preferred_name: str | None
    relation: str
    consent: Consent
    mine: OwnDecision | None


class Children(BaseModel):
    """The caller's children, and the text that consent is about."""

    text: ConsentText
    items: list[Child]


class ConsentWish(BaseModel):
    """A decision for a child."""

    model_config = ConfigDict(extra="forbid")

    decision: Decision
    text_version: Annotated[
        Annotated[str, StringConstraints(max_length=40)] | None,
        Field(description="the version that was read; consent cannot be given without it"),
    ] = None


class GuardianName(BaseModel):
    """A guardian, named."""

    person: UUID
    given_name: str
    family_name: str


class ConsentRecord(BaseModel):
    """One decision: who, what, when, and about which version of the text."""

    decision: Decision
    text_version: str
    decided_at: datetime
    guardian: GuardianName
