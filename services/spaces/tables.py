"""What all tables of this service share: their own metadata, apart from other services'."""

from typing import TypeAlias

import asyncpg
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

# Raw connections and rows, as event handlers and hot paths use them.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Row: TypeAlias = asyncpg.Record


class Table(SQLModel, registry=registry()):
    """Base of every table of the service."""


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The text of a check constraint that limits `column` to `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} in ({listed})"
