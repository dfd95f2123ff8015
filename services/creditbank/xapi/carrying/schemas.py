"""Answers about exports of records."""

from pydantic import BaseModel


class RecordKeys(BaseModel):
    """The keys that sign exports of records, as C2SP signed-note writes verifier keys."""

    keys: list[str]
