"""Where statements are sent, what is under way, and who decided it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, Index, Integer, Uuid, text
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field

from services.creditbank.tables import Table, one_of
from services.creditbank.xapi.subscriptions.rules import ACTS, KINDS, STATUSES, TELLS


def _moment(*, optional: bool = False) -> datetime:
    """A moment of the database's own clock."""
    default = {} if optional else {"server_default": text("now()")}
    found: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"nullable": optional, **default}
    )
    return found


class XapiSubscription(Table, table=True):
    """Statements of an organisation that go to one address.

    `position` is that of the last statement looked at, `begins` that before the first; `verb`, `activity`,
    `agent` and `member` are the keys it is judged by, null for any. `sealed` is what proves who sends,
    encrypted.
    """

    __tablename__ = "xapi_subscription"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("status", STATUSES), name="status"),
        Index("ix_xapi_subscription_organisation_id", "organisation", "id"),
        Index(
            "ix_xapi_subscription_next_at", "next_at", postgresql_where=text("status in ('active', 'ending')")
        ),
    )

    id: UUID = Field(primary_key=True)
    organisation: UUID
    name: str
    kind: str
    address: str
    filters: str = Field(sa_type=JSON)
    verb: UUID | None = None
    activity: UUID | None = None
    agent: UUID | None = None
    member: UUID | None = None
    sealed: bytes
    status: str = Field(sa_column_kwargs={"server_default": text("'active'")})
    position: int = Field(sa_type=BigInteger)
    begins: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("-1")})
    delivered: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    failing_since: datetime | None = _moment(optional=True)
    last_error: str | None = None
    next_at: datetime = _moment()
    created_at: datetime = _moment()


class XapiDelivery(Table, table=True):
    """Statements of a subscription that have not arrived yet; dead if given up.

    By their positions; or, where they are not sent but told of as erased or changed, by their `ids`.
    """

    __tablename__ = "xapi_delivery"
    __table_args__ = (
        CheckConstraint(one_of("kind", TELLS), name="kind"),
        Index("ix_xapi_delivery_subscription_dead_id", "subscription", "dead", "id"),
    )

    id: UUID = Field(primary_key=True)
    subscription: UUID
    positions: list[int] | None = Field(default=None, sa_type=ARRAY(BigInteger))
    kind: str = Field(sa_column_kwargs={"server_default": text("'stored'")})
    ids: list[UUID] | None = Field(default=None, sa_type=ARRAY(Uuid()))
    attempts: int = Field(sa_type=Integer, sa_column_kwargs={"server_default": text("0")})
    dead: bool = Field(sa_column_kwargs={"server_default": text("false")})
    error: str | None = None
    tried_at: datetime | None = _moment(optional=True)


class XapiSubscriptionChange(Table, table=True):
    """Who created, paused, resumed or ended a subscription, or sent dead letters again; never altered."""

    __tablename__ = "xapi_subscription_change"
    __table_args__ = (
        CheckConstraint(one_of("act", ACTS), name="act"),
        Index("ix_xapi_subscription_change_subscription", "subscription"),
    )

    id: UUID = Field(primary_key=True)
    subscription: UUID
    act: str
    by: UUID
    at: datetime = _moment()
