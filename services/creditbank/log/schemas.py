"""Answers of the routes of the public log."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class LogKey(BaseModel):
    """A key that signs, or signed, a log's checkpoints."""

    verifier: str = Field(description="as C2SP signed-note writes verifier keys")
    added_at: datetime
    retired_at: datetime | None


class PublicLog(BaseModel):
    """One log of this bank."""

    name: str
    origin: str
    address: str = Field(description="below it are `checkpoint` and `tile/` (C2SP tlog-tiles)")
    begun_at: datetime
    size: int = Field(description="leaves of its last checkpoint")
    succession: str | None = Field(
        description="first leaf in hexadecimal: SHA-256 over a domain line and the last checkpoint before it"
    )
    keys: list[LogKey]


class PublicLogs(BaseModel):
    """Every log of this bank, newest first; the newest takes the leaves."""

    logs: list[PublicLog]


class InclusionProof(BaseModel):
    """Shows that a leaf is in a tree (RFC 6962, section 2.1.1)."""

    leaf: int
    size: int
    hashes: list[str] = Field(description="base64, the leaf's sibling first")


class ConsistencyProof(BaseModel):
    """Shows that a tree is the beginning of another (RFC 6962, section 2.1.2)."""

    old: int
    new: int
    hashes: list[str] = Field(description="base64")


class EntryProof(BaseModel):
    """An entry opened: whoever trusts the log's key needs nothing else to check it, now or in ten years.

    `commitment` is SHA-256 over the line `xuebu creditbank entry`, the salt and the document; it is the data
    of the leaf.
    """

    entry: UUID
    scheme: str
    sequence: int = Field(description="number within its book; the document holds the commitment before it")
    document: str = Field(description="canonical JSON (RFC 8785), byte for byte")
    salt: str = Field(description="hexadecimal; with it and the document anybody knows what the leaf means")
    commitment: str = Field(description="hexadecimal")
    log: str = Field(description="name of the log")
    leaf: int
    proof: str = Field(description="C2SP tlog-proof: index, hashes, signed checkpoint")
