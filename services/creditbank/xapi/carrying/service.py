"""Everything there is of a learner, line by line: only some statements or one content in memory."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from services.creditbank.learners.keys import KeyRing
from services.creditbank.log.notes import Signer, sign
from services.creditbank.tables import Pool
from services.creditbank.xapi.carrying import repository
from services.creditbank.xapi.carrying.documents import RESOURCES
from services.creditbank.xapi.carrying.rules import FORMAT, KINDS, Manifest, joined
from services.creditbank.xapi.documents.rules import etag_of
from services.creditbank.xapi.persons.rules import as_agent
from services.creditbank.xapi.persons.service import Owner
from services.creditbank.xapi.statements.filters import SHIFT
from services.creditbank.xapi.statements.horizon import written
from services.creditbank.xapi.statements.service import Statements

forget = repository.forget


@dataclass(slots=True)
class Export:
    """One export that is under way; what was told of it is counted and hashed."""

    pool: Pool
    store: Statements
    of: Owner
    learner: UUID
    address: str
    issuer: str
    keys: KeyRing
    signer: Signer
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    _hash: Any = field(default_factory=sha256)

    async def lines(self) -> AsyncIterator[bytes]:
        """All lines: what was stored until the export began is in it, the last one proves the others."""
        through = await self.store.horizon.through()
        at = written(datetime.now(UTC))
        agents = await repository.agents(self.pool, self.of.numbers, self.issuer)
        elsewhere = await repository.agents_elsewhere(self.pool, self.of.numbers)
        yield self._line(
            {
                "kind": "record",
                "format": FORMAT,
                "address": self.address,
                "learner": str(self.learner),
                "agents": [as_agent(agent) for agent in agents],
                "agents_elsewhere": [as_agent(agent) for agent in elsewhere],
                "exported_at": at,
                "through": written(through),
            }
        )
        end = int(through.timestamp() * 1000) << SHIFT
        keys = await repository.keys(self.pool, self.of.holder, self.of.numbers, self.issuer)
        for (organisation, key), spans in groupby(keys, lambda row: (row["organisation"], row["key"])):
            for begin, until in joined((row["since"], row["until"]) for row in spans):
                async for line in self._statements(organisation, key, begin - 1, min(until, end)):
                    yield line
        for part in (self._documents(), self._entries(), self._entries_elsewhere()):
            async for line in part:
                yield line
        manifest = Manifest(str(self.learner), at, self.counts, self._hash.digest())
        note = sign(manifest.text, [self.signer])
        yield orjson.dumps({"kind": "manifest", "note": note}, option=orjson.OPT_APPEND_NEWLINE)

    def _line(self, line: dict[str, Any]) -> bytes:
        text = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
        if line["kind"] in self.counts:
            self.counts[line["kind"]] += 1
        self._hash.update(text)
        return text

    async def _statements(self, organisation: UUID, key: UUID, after: int, end: int) -> AsyncIterator[bytes]:
        while rows := await repository.statements(self.pool, key, after, end):
            for row in rows:
                yield self._line(
                    {
                        "kind": "statement",
                        "organisation": str(organisation),
                        "voided": row["voided"],
                        "statement": orjson.Fragment(row["body"]),
                        "elsewhere": _elsewhere(row, authority=row["authority"]),
                    }
                )
                for sha2 in row["attachments"] or ():
                    contents = await self.store.contents(organisation, [sha2])
                    if sha2 in contents:
                        content = base64.b64encode(contents[sha2]).decode()
                        yield self._line({"kind": "attachment", "sha2": sha2, "content": content})
            after = rows[-1]["position"]

    async def _documents(self) -> AsyncIterator[bytes]:
        after = b""
        while rows := await repository.documents(
            self.pool, self.of.holder, self.of.numbers, self.issuer, after
        ):
            for row in rows:
                content = await repository.content(self.pool, row["shelf"], row["context"], row["name"])
                if content is None:
                    continue
                yield self._line(
                    {
                        "kind": "document",
                        "organisation": str(row["organisation"]),
                        "resource": RESOURCES[row["kind"]],
                        "agent": as_agent(row["agent"]),
                        "activity": row["activity"],
                        "registration": row["registration"] and str(row["registration"]),
                        "id": row["id"],
                        "content_type": row["content_type"],
                        "content": base64.b64encode(content).decode(),
                        "etag": etag_of(content),
                        "modified_at": row["modified_at"],
                        "elsewhere": _elsewhere(row),
                    }
                )
            after = rows[-1]["key"]

    async def _entries(self) -> AsyncIterator[bytes]:
        for book in await repository.books(self.pool, self.of.numbers):
            after = 0
            while rows := await repository.entries(self.pool, book["learner"], book["scheme"], after):
                for row in rows:
                    wrapped = row["wrapped"]
                    salt = wrapped and self.keys.salt(book["learner"], wrapped, row["id"]).hex()
                    yield self._line(
                        {
                            "kind": "entry",
                            "scheme": book["code"],
                            "sequence": row["sequence"],
                            "document": row["document"],
                            "salt": salt,
                            "commitment": row["commitment"].hex(),
                        }
                    )
                after = rows[-1]["sequence"]

    async def _entries_elsewhere(self) -> AsyncIterator[bytes]:
        after = b""
        while rows := await repository.credits_elsewhere(self.pool, self.of.numbers, after):
            for row in rows:
                yield self._line(
                    {
                        "kind": "entry",
                        "scheme": row["scheme"],
                        "sequence": None,
                        "document": row["document"],
                        "salt": row["salt"] and row["salt"].hex(),
                        "commitment": row["commitment"].hex(),
                        "elsewhere": _elsewhere(row),
                    }
                )
            after = rows[-1]["commitment"]


def _elsewhere(row: asyncpg.Record, **more: bytes | None) -> dict[str, Any] | None:
    """From which bank the learner brought it, for which this one does not vouch."""
    if row["address"] is None:
        return None
    told = {name: value and orjson.Fragment(value) for name, value in more.items()}
    return {"address": row["address"], "signed_by": row["signed_by"], **told}
