"""The portfolio: what a frontend needs of one person, in one answer."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.spaces.memberships.rules import Role
from services.spaces.people.rules import Consent
from services.spaces.posts.schemas import PersonReference, PostAnswer
from services.spaces.sources import Sources


class Profile(BaseModel):
    """Who it is. `name` is the real name as it is written in its language."""

    id: UUID
    name: str
    given_name: str
    family_name: str
    preferred_name: str | None
    status: Literal["active", "closed"]
    consent: Consent = Field(description="a guardian's, for a child under 14")


class OrganisationReference(BaseModel):
    """An organisation; name and type are null until the news of it has arrived here."""

    id: UUID
    name: str | None
    type: str | None


class HeldRole(BaseModel):
    """A role the person holds in an organisation."""

    role: Role
    primary: bool
    organisation: OrganisationReference


class Term(BaseModel):
    """A term the class is held in."""

    id: UUID
    title: str
    starts_on: date
    ends_on: date


class Teacher(PersonReference):
    """Somebody who teaches the class; `primary` for the one responsible."""

    primary: bool


class ClassCard(BaseModel):
    """An open class the person is in. `id` is also the id of its space."""

    id: UUID
    title: str
    role: Role
    school: OrganisationReference
    subjects: list[str]
    grades: list[str]
    terms: list[Term]
    teachers: list[Teacher]


class CreditTotal(BaseModel):
    """Credits in one scheme; decimal text, two places."""

    scheme: str
    amount: str = Field(
        examples=["12.50"],
        description="less what was revoked, expired or converted into another scheme",
    )
    redeemed: str = Field(examples=["3.00"], description="how much of the amount counts for awards")
    entries: int


class InstitutionCredits(CreditTotal):
    """What there is of one institution."""

    institution: OrganisationReference


class Credits(BaseModel):
    """Credits, summed by scheme and by who gave them."""

    totals: list[CreditTotal]
    institutions: list[InstitutionCredits]


class LearningOfMonth(BaseModel):
    """How much was done in a month in UTC."""

    month: str = Field(examples=["2026-11"])
    statements: int


class LearningOfKind(BaseModel):
    """How much was done in one way, or for one subject: an IRI, and its names by language."""

    id: str
    name: dict[str, str] | None
    statements: int


class Learning(BaseModel):
    """What the person did, as the record store of creditbank counts it: statements that are not voided."""

    statements: int
    months: list[LearningOfMonth] = Field(description="the newest first")
    kinds: list[LearningOfKind] = Field(description="verbs, the commonest first")
    subjects: list[LearningOfKind] = Field(description="courses and the like, the commonest first")


class Portfolio(BaseModel):
    """One person's profile, roles, open classes, newest posts, credits and learning.

    It is composed of what neighbours have told: `sources` says up to which time. While a neighbour is away
    the answer stays complete as of then, and says so.
    """

    person: Profile
    roles: list[HeldRole]
    views: list[Role] = Field(description="the roles to choose a view from")
    classes: list[ClassCard]
    posts: list[PostAnswer] = Field(description="the five newest of all spaces; more at /v1/feed")
    credits: Credits
    learning: Learning | None = Field(
        description="null where nothing was told yet, and for a child under 14 without consent"
    )
    sources: Sources
