"""Everything there is of a learner, line by line: only some statements or one content in memory."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import orjson

from services.creditbank.learners.keys import KeyRing
from services.creditbank.log.notes import Signer, sign
from services.creditbank.tables import Pool
from services.creditbank.xapi.carrying import repository
from services.creditbank.xapi.carrying.rules import FORMAT, KINDS, Manifest, joined
from services.creditbank.xapi.persons.rules import as_agent
from services.creditbank.xapi.persons.service import Owner
from services.creditbank.xapi.statements.filters import SHIFT
from services.creditbank.xapi.statements.horizon import written
from services.creditbank.xapi.statements.service import Statements

forget = repository.forget
#: resources by kinds of documents
_RESOURCES: Final = {"state": "activities/state", "agent": "agents/profile"}


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
        yield self._line(
            {
                "kind": "record",
                "format": FORMAT,
                "address": self.address,
                "learner": str(self.learner),
                "agents": [as_agent(agent) for agent in agents],
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
        for organisation in dict.fromkeys(row["organisation"] for row in keys):
            for agent in agents:
                async for line in self._documents(organisation, agent):
                    yield line
        async for line in self._entries():
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
                    }
                )
                for sha2 in row["attachments"] or ():
                    contents = await self.store.contents(organisation, [sha2])
                    if sha2 in contents:
                        content = base64.b64encode(contents[sha2]).decode()
                        yield self._line({"kind": "attachment", "sha2": sha2, "content": content})
            after = rows[-1]["position"]

    async def _documents(self, organisation: UUID, agent: str) -> AsyncIterator[bytes]:
        after = (b"", b"")
        while (row := await repository.document(self.pool, organisation, agent, after)) is not None:
            yield self._line(
                {
                    "kind": "document",
                    "organisation": str(organisation),
                    "resource": _RESOURCES[row["kind"]],
                    "agent": as_agent(agent),
                    "activity": row["activity"],
                    "registration": row["registration"] and str(row["registration"]),
                    "id": row["id"],
                    "content_type": row["content_type"],
                    "content": base64.b64encode(row["content"]).decode(),
                    "etag": row["etag"],
                    "modified_at": row["modified_at"],
                }
            )
            after = (row["context"], row["name"])

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
