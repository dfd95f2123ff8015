"""Who read what, in the terms in which it is accounted for."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args
from uuid import UUID

ReaderKind = Literal["person", "client", "credential", "subscription", "operator"]
READER_KINDS: Final[tuple[str, ...]] = get_args(ReaderKind)
#: a record, statements, documents, other identifiers; all of a store into a file, statements sent to others
What = Literal["record", "statements", "documents", "agents", "export", "delivery"]
WHATS: Final[tuple[str, ...]] = get_args(What)
NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is accounted for as one line: one reader, one day in UTC, one way of reading, one subject.

    `subject` is the key of an agent at an organisation, NOBODY where it was not one agent that was asked for.
    Of a person's record read as a whole `organisation` is NOBODY and `subject` the person's id.
    """

    day: date
    organisation: UUID
    subject: UUID
    reader_kind: ReaderKind
    reader: UUID
    what: What


def reader_of(subject: str) -> tuple[ReaderKind, UUID]:
    """The reader that a door names as `kind:id`; an operator has no id."""
    name, _, identifier = subject.partition(":")
    kind: ReaderKind = next(kind for kind in get_args(ReaderKind) if kind == name)
    return kind, UUID(identifier) if identifier else NOBODY
