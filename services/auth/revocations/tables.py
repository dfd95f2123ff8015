"""The table of revocations."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field

from services.auth.revocations.rules import KINDS
from services.auth.tables import Table, one_of


class Revocation(Table, table=True):
    """What is not to be believed any more, until the last token of it has expired anyway.

    `change` is the number of the transaction that wrote the row last: readers ask for what was written by
    transactions that had not ended when they read before, and so miss none however late it commits.
    """

    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        Index("ix_revocation_change", "change"),
        Index("ix_revocation_until", "until"),
    )

    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    revoked_at: datetime = Field(
        default=None,
        nullable=False,
        sa_column_kwargs={"server_default": text("clock_timestamp()")},
    )
    until: datetime
    change: int = Field(
        default=None,
        sa_type=BigInteger,
        nullable=False,
        sa_column_kwargs={"server_default": text("pg_current_xact_id()::text::bigint")},
    )
