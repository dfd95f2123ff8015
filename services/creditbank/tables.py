"""The private table base of creditbank: its own registry, so that no other service's tables mix in."""

from typing import Any, TypeAlias

import asyncpg
from sqlalchemy import MetaData, SmallInteger, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

#: a raw connection, as event handlers use it
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
#: the raw pool, as hot paths use it
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
#: either: what one statement needs
Where: TypeAlias = "Connection | Pool"

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """Base of every table of this service."""


def key(sa_type: Any) -> Any:
    """A part of a primary key that its writer chooses."""
    return Field(primary_key=True, sa_type=sa_type, sa_column_kwargs={"autoincrement": False})


def scheme_key() -> Any:
    """The scheme as part of a primary key."""
    return key(SmallInteger)


def part(sa_type: Any) -> Any:
    """One part of an amount in hundredths; nothing at first."""
    return Field(default=0, sa_type=sa_type, sa_column_kwargs={"server_default": text("0")})


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The text of a check constraint that limits `column` to `values`."""
    return f"{column} in ({', '.join(repr(value) for value in values)})"
