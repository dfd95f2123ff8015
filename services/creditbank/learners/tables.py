"""Learners: a number of the bank's own for each person, what rosters call them, and their shred keys."""

from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Identity, Index, String
from sqlmodel import Field

from services.creditbank.tables import Table, key, one_of

STATUSES = ("active", "closed")


class Learner(Table, table=True):
    """A person of auth. `number` stands for the person in every row of the ledger, and only here."""

    __table_args__ = (CheckConstraint(one_of("status", STATUSES), name="status"),)

    number: int = Field(sa_type=BigInteger, sa_column_args=[Identity()], primary_key=True)
    id: UUID = Field(unique=True, description="the person's lifelong id")
    version: int = Field(sa_type=BigInteger)
    status: str


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
    __table_args__ = (Index("ix_learner_organisation_organisation_learner", "organisation", "learner"),)

    learner: int = key(BigInteger)
    organisation: UUID = Field(primary_key=True)
    roles: list[str] = Field(sa_type=ARRAY(String))


class ShredKey(Table, table=True):
    """The wrapped key from which the salts of a learner's commitments come; deleting it erases them."""

    __tablename__ = "shred_key"

    learner: int = key(BigInteger)
    wrapped: bytes
