"""The private table base of auth: its own registry, so that no other service's tables mix in."""

from typing import Any

from pydantic_core import PydanticUndefined
from sqlalchemy import MetaData, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from libs.common.ids import new_id

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """Base of every table of this service."""


def key() -> Any:
    """A UUIDv7 primary key, made here or, by set-wise writers, in the database."""
    return Field(
        default_factory=new_id, primary_key=True, sa_column_kwargs={"server_default": text("uuid7()")}
    )


def reference(target: str, *, nullable: bool = False, index: bool = False, primary_key: bool = False) -> Any:
    """A foreign key within this service's database, for example `person.id`."""
    default = None if nullable else PydanticUndefined
    return Field(default, foreign_key=target, nullable=nullable, index=index, primary_key=primary_key)


def roster_source(*, primary_key: bool = False) -> Any:
    """The roster that owns a row.

    No foreign key: sources are never removed, imports are the only writers, and the check would cost a tenth
    of an import's time.
    """
    return Field(primary_key=True) if primary_key else Field(default=None)


def moment() -> Any:
    """A time that the database fills in with the start of the transaction."""
    return Field(default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")})


def one_of(column: str, values: tuple[str, ...], *, optional: bool = False) -> str:
    """The text of a check constraint that limits `column` to `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} is null or {column} in ({listed})" if optional else f"{column} in ({listed})"
