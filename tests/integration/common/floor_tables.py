"""A service of nothing but the common floor, for the tests of `libs.common`."""

from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text, Uuid, text

from libs.common.inbox import inbox_table
from libs.common.outbox import outbox_table

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)
Table(
    "note",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("uuid7()")),
    Column("place", BigInteger, Identity(always=True), nullable=False),
    Column("text", Text, nullable=False, unique=True),
)
