"""Learners: a number of the bank's own for each person, what rosters call them, and their shred keys."""

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Identity, Index, String, text
from sqlmodel import Field

from services.creditbank.learners.rules import CONSENTS, STATUSES
from services.creditbank.tables import Table, key, one_of


class Learner(Table, table=True):
    """A person of auth. `number` stands for the person in every row of the ledger, and only here."""

    __table_args__ = (
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint(one_of("consent", CONSENTS), name="consent"),
        CheckConstraint("merged_into is null or joined", name="joined"),
        Index("ix_learner_merged_into", "merged_into", postgresql_where=text("merged_into is not null")),
    )

    number: int = Field(sa_type=BigInteger, sa_column_args=[Identity()], primary_key=True)
    id: UUID = Field(unique=True, description="the person's lifelong id")
    version: int = Field(sa_type=BigInteger)
    status: str
    merged_into: int | None = Field(
        default=None, sa_type=BigInteger, description="the learner with whose books these are read"
    )
    joined: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="merged into another, or another into this one",
    )
    home: str | None = Field(default=None, description="the bank node the books were moved to; null: here")
    arrived: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="some of the books came from another bank node",
    )
    consent: str = Field(default="not-needed", sa_column_kwargs={"server_default": "not-needed"})


class ErasedPerson(Table, table=True):
    """The id of somebody who is no more. Nothing leads from it to a book."""

    __tablename__ = "erased_person"

    id: UUID = Field(primary_key=True)


class LearnerIdentifier(Table, table=True):
    """How the roster anchored at an organisation names a learner."""

    __tablename__ = "learner_identifier"
    __table_args__ = (Index("ix_learner_identifier_learner", "learner"),)

    anchor: UUID = Field(primary_key=True)
    sourced_id: str = Field(primary_key=True)
    learner: int = Field(sa_type=BigInteger, primary_key=True)


class RosterAnchor(Table, table=True):
    """An organisation at which a roster is anchored; there are few, so look-ups begin here."""

    __tablename__ = "roster_anchor"

    organisation: UUID = Field(primary_key=True)


class LearnerOrganisation(Table, table=True):
    """The roles a learner holds at an organisation; none once all have ended."""

    __tablename__ = "learner_organisation"
    __table_args__ = (
        Index("ix_learner_organisation_organisation_learner", "organisation", "learner"),
        Index(
            "ix_learner_organisation_untold",
            "organisation",
            "learner",
            postgresql_where=text("('student'::varchar = any(roles)) <> told"),
        ),
    )

    learner: int = key(BigInteger)
    organisation: UUID = Field(primary_key=True)
    roles: list[str] = Field(sa_type=ARRAY(String))
    told: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="whether the learner's record says that they are a student there",
    )
    since: date | None = Field(default=None, description="from when they are a student, as auth told")


class LearnerGuardian(Table, table=True):
    """Who looks after a learner, as auth last told; of a merged record the survivor's."""

    __tablename__ = "learner_guardian"
    __table_args__ = (Index("ix_learner_guardian_guardian", "guardian"),)

    learner: int = key(BigInteger)
    guardian: UUID = Field(primary_key=True)


class ShredKey(Table, table=True):
    """The wrapped key from which the salts of a learner's commitments come; deleting it erases them."""

    __tablename__ = "shred_key"

    learner: int = key(BigInteger)
    wrapped: bytes
