"""A learner carries their whole record away, and anybody can prove it with the bank's public key."""

import asyncio
import base64
import hashlib
import io
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.ids import new_id
from services.creditbank.log.notes import Verifier, read_verifier
from services.creditbank.xapi.carrying.verifying import Broken, verify
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import District
from tests.integration.creditbank.xapi.conftest import Tool
from tests.integration.creditbank.xapi.statements import stored, voiding
from tests.integration.creditbank.xapi.test_record import ISSUER, did

ROOT = Path(__file__).parents[4]


@pytest.fixture
def learner(district: District) -> UUID:
    return district.students[0]


async def exported(bank: Bank, learner: UUID) -> bytes:
    answer = await bank.client.get(f"/v1/learners/{learner}/record/export", headers=bank.of_person(learner))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/jsonl")
    return answer.content


async def key_of(bank: Bank) -> str:
    answer = await bank.client.get("/v1/record-keys")
    [key] = answer.json()["keys"]
    return str(key)


@pytest.fixture
async def whole(bank: Bank, tool: Tool, learner: UUID, district: District) -> bytes:
    """The export of a record that has one of everything, and a voided statement."""
    content = b"a photograph"
    sha2 = hashlib.sha256(content).hexdigest()
    attachment = {
        "usageType": "https://x.example/usage",
        "display": {"en": "Photo"},
        "contentType": "image/png",
        "length": len(content),
        "sha2": sha2,
    }
    with_content = did(learner, 1, "photo", attachments=[attachment])
    part = f"X-Experience-API-Hash: {sha2}\r\nContent-Transfer-Encoding: binary\r\nContent-Type: image/png"
    body = (
        b"--b\r\nContent-Type: application/json\r\n\r\n"
        + json.dumps(with_content).encode()
        + f"\r\n--b\r\n{part}\r\n\r\n".encode()
        + content
        + b"\r\n--b--\r\n"
    )
    answer = await tool.post(
        "/statements", content=body, headers={"Content-Type": "multipart/mixed; boundary=b"}
    )
    assert answer.status_code == 200, answer.text
    wrong = did(learner, 2, "wrong")
    await stored(tool, wrong, did(district.students[1], 3, "another"))
    await stored(tool, voiding(wrong))
    agent = json.dumps({"account": {"homePage": ISSUER, "name": str(learner)}})
    state = {"activityId": "https://x.example/photo", "agent": agent, "stateId": "where"}
    answer = await tool.put("/activities/state", params=state, content="page 7")
    assert answer.status_code == 204, answer.text
    await bank.posted(district.school, item(learner, district.course, credits="2.50"))
    return await exported(bank, learner)


async def test_an_export_has_everything_of_the_learner_and_nothing_of_others(
    bank: Bank, whole: bytes, learner: UUID, district: District
) -> None:
    lines = [json.loads(line) for line in whole.splitlines()]
    assert Counter(line["kind"] for line in lines) == {
        "record": 1,
        "statement": 2,
        "attachment": 1,
        "document": 1,
        "entry": 1,
        "manifest": 1,
    }
    first = lines[0]
    assert (first["learner"], first["format"]) == (str(learner), "xuebu record 1")
    assert {"objectType": "Agent", "account": {"homePage": ISSUER, "name": str(learner)}} in first["agents"]
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        by_kind.setdefault(line["kind"], []).append(line)
    photo, wrong = by_kind["statement"]
    assert (photo["statement"]["object"]["id"], photo["voided"]) == ("https://x.example/photo", False)
    assert (wrong["statement"]["object"]["id"], wrong["voided"]) == ("https://x.example/wrong", True)
    assert photo["organisation"] == str(district.school)
    assert base64.b64decode(by_kind["attachment"][0]["content"]) == b"a photograph"
    [document] = by_kind["document"]
    assert (document["id"], document["activity"]) == ("where", "https://x.example/photo")
    assert base64.b64decode(document["content"]) == b"page 7"
    assert json.loads(by_kind["entry"][0]["document"])["kind"] == "deposit"
    manifest = verify(io.BytesIO(whole), [read_verifier(await key_of(bank))])
    assert manifest.counts == {"statement": 2, "attachment": 1, "document": 1, "entry": 1}


async def test_whatever_is_altered_is_found(bank: Bank, whole: bytes) -> None:
    trusted = [read_verifier(await key_of(bank))]
    lines = whole.splitlines(keepends=True)
    for place in range(len(lines)):
        left_out = b"".join(lines[:place] + lines[place + 1 :])
        with pytest.raises(Broken):
            verify(io.BytesIO(left_out), trusted)
        middle = len(lines[place]) // 2
        altered = lines[place][:middle] + bytes([lines[place][middle] ^ 1]) + lines[place][middle + 1 :]
        with pytest.raises(Broken):
            verify(io.BytesIO(b"".join([*lines[:place], altered, *lines[place + 1 :]])), trusted)
    for wrong in (whole + b"{}\n", b"", b"[]\n", whole.replace(b'"kind":"entry"', b'"kind":"extra"')):
        with pytest.raises(Broken):
            verify(io.BytesIO(wrong), trusted)
    another = Verifier(trusted[0].name, bytes(32))
    with pytest.raises(Broken, match="no known key signed"):
        verify(io.BytesIO(whole), [another])


def proving(file: Path, key: str) -> subprocess.CompletedProcess[str]:
    """As anybody does it, with neither settings nor stores."""
    command = [sys.executable, "-m", "services.creditbank", "verify-record", str(file), "--key", key]
    return subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=False)


async def test_a_stranger_proves_an_export_with_the_file_alone(
    bank: Bank, whole: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "record.jsonl"
    file.write_bytes(whole)
    key = await key_of(bank)
    proved = await asyncio.to_thread(proving, file, key)
    assert proved.returncode == 0, proved.stderr
    assert "2 x statement" in proved.stdout
    file.write_bytes(whole.replace(b"page", b"Page").replace(b"photo", b"Photo"))
    broken = await asyncio.to_thread(proving, file, key)
    assert broken.returncode == 1
    assert broken.stderr.startswith("BROKEN")


async def test_a_long_record_is_told_once_whatever_the_pages(bank: Bank, tool: Tool, learner: UUID) -> None:
    for _ in range(2):
        await stored(tool, *(did(learner, n, f"a{n}") for n in range(250)))
    lines = [json.loads(line) for line in (await exported(bank, learner)).splitlines()]
    ids = [line["statement"]["id"] for line in lines if line["kind"] == "statement"]
    assert len(ids) == len(set(ids)) == 500


async def test_nobody_else_carries_a_record_away(bank: Bank, learner: UUID, district: District) -> None:
    path = f"/v1/learners/{learner}/record/export"
    for who in (district.students[1], new_id()):
        assert (await bank.client.get(path, headers=bank.of_person(who))).status_code == 404
    unknown = uuid4()
    answer = await bank.client.get(f"/v1/learners/{unknown}/record/export", headers=bank.of_person(unknown))
    assert answer.status_code == 404
