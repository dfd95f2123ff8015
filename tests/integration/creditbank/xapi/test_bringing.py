"""A learner brings the record of another bank: on their own word, once, and never as money."""

import base64
import gzip
import hashlib
import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from libs.common.database import Database
from services.creditbank.log.commands import CommandFailed
from services.creditbank.log.notes import Signer, sign
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.carrying.commands import bring_record
from services.creditbank.xapi.carrying.handlers import people_erased
from services.creditbank.xapi.carrying.keys import signer
from services.creditbank.xapi.carrying.rules import KINDS, Manifest
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, as_event
from tests.integration.creditbank.xapi.test_record import PASSED, Reader, did
from tests.integration.creditbank.xapi.test_summaries import Counts

PATH = "/v1/record-imports"
THERE = "https://other.example"
CONTENT = b"a drawing"


def account(name: object) -> dict[str, Any]:
    return {"account": {"homePage": THERE, "name": str(name)}}


class Elsewhere:
    """Another bank, which knew the learner as somebody of its own."""

    def __init__(self, address: str = THERE, key: Signer | None = None) -> None:
        self.address = address
        self.signer = key or Signer("other.example/record", Ed25519PrivateKey.generate())
        self.who, self.school = uuid4(), uuid4()
        self.lines: list[dict[str, Any]] = []
        self.first: dict[str, Any] = {}

    def said(self, day: int, what: str, **parts: Any) -> dict[str, Any]:
        authority = {"objectType": "Agent", "account": {"homePage": THERE, "name": "player"}}
        made = did(self.who, day, what, **{"actor": account(self.who), "authority": authority, **parts})
        self.lines.append(
            {"kind": "statement", "organisation": str(uuid4()), "voided": False, "statement": made}
        )
        return made

    def document(
        self, identifier: str = "where", content: bytes = b"page 7", **members: Any
    ) -> dict[str, Any]:
        """Activity state of the learner."""
        return {
            "kind": "document",
            "organisation": str(self.school),
            "resource": "activities/state",
            "agent": account(self.who),
            "activity": "https://x.example/book",
            "registration": None,
            "id": identifier,
            "content_type": "text/plain",
            "content": base64.b64encode(content).decode(),
            "etag": "of no use",
            "modified_at": "2026-01-01T00:00:00.000001Z",
            **members,
        }

    def export(self) -> bytes:
        first = {
            "kind": "record",
            "format": "xuebu record 1",
            "address": self.address,
            "learner": str(self.who),
            "agents": [account(self.who)],
            "exported_at": "2026-01-01T00:00:00.000Z",
            "through": "2026-01-01T00:00:00.000Z",
            **self.first,
        }
        body = b"".join(orjson.dumps(line) + b"\n" for line in [first, *self.lines])
        counts = {kind: sum(line["kind"] == kind for line in self.lines) for kind in KINDS}
        digest = hashlib.sha256(body).digest()
        manifest = Manifest(str(self.who), "2026-01-01T00:00:00.000Z", counts, digest)
        note = sign(manifest.text, [self.signer])
        return body + orjson.dumps({"kind": "manifest", "note": note}) + b"\n"


async def brought(bank: Bank, who: UUID, export: bytes, language: str = "en") -> httpx.Response:
    headers = {**bank.of_person(who, "credits.read credits.write"), "Content-Type": "application/jsonl"}
    headers["Accept-Language"] = language
    return await bank.client.post(PATH, content=export, headers=headers)


@pytest.fixture
def learner(district: District) -> UUID:
    return district.students[0]


def entry(document: str = '{"kind":"deposit"}') -> dict[str, Any]:
    return {
        "kind": "entry",
        "scheme": "ects",
        "sequence": 1,
        "document": document,
        "salt": None,
        "commitment": uuid4().hex * 2,
    }


async def test_a_record_from_elsewhere_becomes_part_of_the_own_one_once(
    bank: Bank, app: FastAPI, learner: UUID
) -> None:
    there = Elsewhere()
    sha2 = hashlib.sha256(CONTENT).hexdigest()
    attachment = {
        "usageType": "https://x.example/usage",
        "display": {"en": "Drawing"},
        "contentType": "image/png",
        "length": len(CONTENT),
        "sha2": sha2,
    }
    drawn = there.said(1, "drawing", attachments=[attachment])
    content = base64.b64encode(CONTENT).decode()
    there.lines.append({"kind": "attachment", "sha2": sha2, "content": content})
    passed = there.said(2, "exam", verb=PASSED, result={"success": True})
    there.said(3, "wrong")
    there.lines[-1]["voided"] = True
    there.said(4, "of-another", actor=account("another"))
    there.said(5, "bad", verb={"id": "no IRI"})
    there.lines.append(entry())
    export = there.export()
    answer = await brought(bank, learner, export)
    assert answer.status_code == 201, answer.text
    done = answer.json()
    assert (done["statements"], done["refused"], done["credits"], done["signed_by"]) == (2, 1, 1, None)
    assert done["left_out"] == {"voided": 1, "others": 1}
    [refusal] = done["refusals"]
    assert (refusal["line"], refusal["path"]) == (7, "verb.id")
    reader = Reader(bank, learner)
    for _ in range(2):
        exam, drawing = await reader.lines()
        assert (exam["id"], drawing["id"]) == (passed["id"], drawn["id"])
        assert (exam["organisation"], exam["result"]) == (None, {"success": True})
        assert exam["elsewhere"] == {
            "import": done["id"],
            "address": THERE,
            "signed_by": None,
            "authority": passed["authority"],
        }
        again = await brought(bank, learner, export)
        assert (again.status_code, again.json()["id"]) == (201, done["id"])
    assert (await Counts(app, bank).short(learner))[0] == 2
    assert (await bank.account(learner))["accounts"][0]["available"] == "0.00"
    headers = bank.of_person(learner)
    [credit] = (await bank.client.get(f"{PATH}/credits", headers=headers)).json()["items"]
    assert (credit["scheme"], credit["document"]) == ("ects", {"kind": "deposit"})
    [listed] = (await bank.client.get(PATH, headers=headers)).json()["items"]
    assert listed["id"] == done["id"]
    exported = await bank.client.get(f"/v1/learners/{learner}/record/export", headers=headers)
    lines = [orjson.loads(line) for line in exported.content.splitlines()]
    [told] = [line["statement"] for line in lines if line.get("statement", {}).get("id") == passed["id"]]
    assert told["authority"]["account"]["name"] == str(learner)
    assert [line["sha2"] for line in lines if line["kind"] == "attachment"] == [sha2]


async def test_a_known_key_is_told_and_what_was_made_here_is_refused(
    bank: Bank, app: FastAPI, settings: CreditbankSettings, learner: UUID
) -> None:
    here = signer(settings)
    known = Elsewhere(key=here)
    known.said(1, "a")
    answer = await brought(bank, learner, known.export())
    assert (answer.status_code, answer.json()["signed_by"]) == (201, here.name)
    own = Elsewhere(settings.public_address, here)
    own.said(1, "a")
    answer = await brought(bank, learner, own.export())
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "record-is-here")


async def test_an_operator_brings_a_record_for_a_learner(
    bank: Bank,
    settings: CreditbankSettings,
    learner: UUID,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = Elsewhere()
    said = there.said(1, "a")
    file = tmp_path / "record.jsonl.gz"
    file.write_bytes(gzip.compress(there.export()))
    await bring_record(settings, learner, str(file))
    assert f"from {THERE}, signed by no known key, 0 refused" in capsys.readouterr().out
    assert [line["id"] for line in await Reader(bank, learner).lines()] == [said["id"]]
    file.write_bytes(b"nothing of it\n")
    with pytest.raises(CommandFailed, match="line 1"):
        await bring_record(settings, learner, str(file))
    with pytest.raises(CommandFailed, match="no learner"):
        await bring_record(settings, uuid4(), str(file))


async def test_a_broken_export_leaves_nothing(bank: Bank, learner: UUID) -> None:
    there = Elsewhere()
    there.said(1, "a")
    export = there.export()
    for broken in (
        b"",
        b"\xff\n",
        b"[]\n",
        export[:-10],
        export + b"\n",
        export.replace(b"/a", b"/b"),
        b"\n".join(export.splitlines()[1:]),
    ):
        answer = await brought(bank, learner, broken, "zh-CN")
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "record-broken")
        assert not re.search("[A-Za-z]", answer.json()["detail"]), "in the learner's language"
    for document in ("[]", "{", "1"):
        odd = Elsewhere()
        odd.lines.append(entry(document))
        assert (await brought(bank, learner, odd.export())).status_code == 422
    odd = Elsewhere()
    odd.lines.append({"kind": "statement", "voided": False, "statement": [1]})
    odd.lines.append({"kind": "statement", "voided": "no"})
    answer = await brought(bank, learner, odd.export())
    assert (answer.status_code, answer.json()["left_out"]["others"]) == (201, 1)
    assert await Reader(bank, learner).lines() == []


async def test_nobody_sees_what_another_brought_and_erasure_takes_it_away(
    bank: Bank, database: Database, learner: UUID, district: District
) -> None:
    there = Elsewhere()
    there.said(1, "a")
    there.lines += [entry(), there.document()]
    assert (await brought(bank, learner, there.export())).status_code == 201
    other = bank.of_person(district.students[1])
    assert (await bank.client.get(PATH, headers=other)).json()["items"] == []
    assert (await bank.client.get(f"{PATH}/credits", headers=other)).json()["items"] == []
    reading = await bank.client.post(PATH, content=b"", headers=bank.of_person(learner))
    assert reading.status_code == 403
    connection = await database.connect()
    async with connection.transaction():
        await people_erased(connection, [as_event({"id": learner})])
    await connection.close()
    for table, column in (
        ("xapi_statement", "organisation"),
        ("xapi_activity", "organisation"),
        ("record_import", "store"),
        ("record_imported", "store"),
        ("record_imported_credit", "store"),
        ("record_imported_document", "store"),
    ):
        query = f"select exists (select from {table} where {column} = $1)"
        assert not await database.pool.fetchval(query, learner), table
