"""The outbox: events are rows of the transaction they tell about, so neither exists without the other.

Writers insert; the relay (`libs.common.relay`) numbers and publishes; the feed (`libs.common.feed`)
lets readers catch up. Writers in SQL insert id, type, subject, data and traceparent themselves.
"""

from pydantic import BaseModel
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common.ids import new_id
from libs.common.tracing import current_traceparent

_INSERT = text(
    "insert into outbox (id, type, subject, data, traceparent)"
    " values (:id, :type, :subject, cast(:data as json), :traceparent)"
)


def outbox_table(metadata: MetaData) -> Table:
    """Declare the outbox in a service's own metadata."""
    return Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("id", Uuid, nullable=False),
        Column("type", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("time", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("data", JSON, nullable=False),
        Column("traceparent", Text),
        Column("sequence", BigInteger),
        Index("outbox_sequence", "sequence", unique=True, postgresql_where=text("sequence is not null")),
        Index("outbox_unnumbered", "position", postgresql_where=text("sequence is null")),
    )


async def record(session: AsyncSession, kind: str, subject: str, data: BaseModel | bytes) -> None:
    """Record one event of type `kind` in the session's transaction."""
    body = data if isinstance(data, bytes) else data.model_dump_json().encode()
    connection = await session.connection()
    await connection.execute(
        _INSERT,
        {
            "id": new_id(),
            "type": kind,
            "subject": subject,
            "data": body.decode(),
            "traceparent": current_traceparent(),
        },
    )
    session.info["events"] = True
