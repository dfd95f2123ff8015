"""The public log over HTTP: what a stranger reads and checks, and what only the learner may have."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.creditbank.app import build
from services.creditbank.log.commands import CommandFailed, verify_export
from services.creditbank.log.merkle import (
    check_consistency,
    check_inclusion,
    leaf_hash,
    tree_root,
)
from services.creditbank.log.notes import Checkpoint, open_checkpoint, read_verifier
from services.creditbank.log.tiles import Tile, subtrees, tiles_of
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.log.conftest import LogBank
from tests.integration.creditbank.test_lives import merged, tell
from tests.issuer import Issuer


@pytest.fixture
async def app(log_bank: LogBank, issuer: Issuer) -> AsyncIterator[FastAPI]:
    """In place of the session's: this bank has a log."""
    app = build(log_bank.settings, keys=lambda _app: issuer.source(), background=False)
    async with app.router.lifespan_context(app):
        await app.state.identity.refresh()
        yield app


async def test_the_server_seals_while_it_serves(
    log_bank: LogBank, issuer: Issuer, client: httpx.AsyncClient
) -> None:
    app = build(log_bank.settings, keys=lambda _app: issuer.source(), background=True)
    async with app.router.lifespan_context(app), asyncio.timeout(10):
        await log_bank.post(5)
        while (await client.get("/logs")).json()["logs"][:1] == [] or (await only_log(client))["size"] < 5:
            await asyncio.sleep(0.05)
    assert (await log_bank.check()).size == 5


async def only_log(client: httpx.AsyncClient) -> dict[str, Any]:
    response = await client.get("/logs")
    assert response.status_code == 200
    (log,) = response.json()["logs"]
    assert isinstance(log, dict)
    return log


async def checked(client: httpx.AsyncClient) -> Checkpoint:
    """The published checkpoint, after checking its signature with the published key."""
    log = await only_log(client)
    response = await client.get(f"/log/{log['name']}/checkpoint")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "public, max-age=1"
    return open_checkpoint(response.text, [read_verifier(log["keys"][0]["verifier"])], log["origin"])


async def tiles(client: httpx.AsyncClient, size: int) -> dict[Tile, bytes]:
    """Every tile of the tree, as a client fetches them."""
    name = (await only_log(client))["name"]
    fetched = {}
    for tile in tiles_of(size):
        response = await client.get(f"/log/{name}/{tile.path}")
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/octet-stream"
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["access-control-allow-origin"] == "*"
        fetched[tile] = response.content
    return fetched


async def test_a_stranger_checks_the_whole_log(log_bank: LogBank, client: httpx.AsyncClient) -> None:
    older = []
    for entries in (3, 300, 77):
        await log_bank.post(entries)
        await log_bank.seal()
        older.append(await checked(client))
    log = await only_log(client)
    assert (log["size"], log["succession"]) == (380, None)
    assert log["origin"] == f"creditbank.example/log/{log['name']}"
    assert log["address"] == f"http://creditbank.example/log/{log['name']}"
    newest = older[-1]
    fetched = await tiles(client, newest.size)
    assert tree_root(subtrees(fetched.__getitem__, newest.size), newest.size) == newest.root
    for old in older:
        query = {"old": old.size, "new": newest.size}
        answer = (await client.get(f"/log/{log['name']}/consistency", params=query)).json()
        hashes = [base64.b64decode(one) for one in answer["hashes"]]
        check_consistency(old.size, newest.size, old.root, newest.root, hashes)
    leaves = fetched[Tile(0, 1, 124)]
    for query in ({"leaf": 256}, {"leaf": 256, "size": 380}):
        answer = (await client.get(f"/log/{log['name']}/inclusion", params=query)).json()
        hashes = [base64.b64decode(one) for one in answer["hashes"]]
        check_inclusion(256, answer["size"], leaves[:32], hashes, newest.root)


async def test_nothing_is_shown_that_no_checkpoint_covers(
    log_bank: LogBank, client: httpx.AsyncClient
) -> None:
    await log_bank.post(300)
    await log_bank.seal()
    files = await log_bank.files()
    files.write([(Tile(0, 1, 45), bytes(45 * 32)), (Tile(0, 7, 256), bytes(8192))])
    name = files.folder.name
    for path, status in {
        "tile/0/000": 200,
        "tile/0/000.p/255": 200,  # of the complete tile
        "tile/0/001.p/44": 200,
        "tile/1/000.p/1": 200,
        "tile/0/001.p/45": 404,
        "tile/0/001.p/43": 404,
        "tile/0/001": 404,
        "tile/0/007": 404,
        "tile/1/000": 404,
        "tile/2/000.p/1": 404,
        "tile/0/..%2f..%2fcheckpoint": 404,
        "tile/entries/000": 404,
        "inclusion?leaf=300": 404,
        "inclusion?leaf=3&size=301": 404,
        "inclusion?leaf=3&size=3": 404,
        "inclusion?leaf=-1": 422,
        "inclusion": 422,
        "inclusion?leaf=99999999999999999999999": 422,
        "consistency?old=0&new=1": 422,
        "consistency?old=2&new=1": 404,
        "consistency?old=2&new=301": 404,
    }.items():
        assert (await client.get(f"/log/{name}/{path}")).status_code == status, path
    for other in ("2001", "..", "%2e%2e", "A", "x" * 64, "a.b"):
        assert (await client.get(f"/log/{other}/checkpoint")).status_code in (404, 422), other


async def proof_of(bank: Bank, person: Any, entry: str) -> httpx.Response:
    return await bank.client.get(f"/v1/accounts/me/entries/{entry}/proof", headers=bank.of_person(person))


def opened(proof: dict[str, Any], log: dict[str, Any]) -> dict[str, Any]:
    """The entry, after checking everything offline with the log's key alone."""
    salt, document = bytes.fromhex(proof["salt"]), proof["document"].encode()
    commitment = hashlib.sha256(b"xuebu creditbank entry\n" + salt + document).digest()
    assert commitment.hex() == proof["commitment"]
    head, _, note = proof["proof"].partition("\n\n")
    kind, index, *hashes = head.split("\n")
    assert (kind, index) == ("c2sp.org/tlog-proof@v1", f"index {proof['leaf']}")
    checkpoint = open_checkpoint(note, [read_verifier(log["keys"][0]["verifier"])], log["origin"])
    check_inclusion(
        proof["leaf"],
        checkpoint.size,
        leaf_hash(commitment),
        [base64.b64decode(one) for one in hashes],
        checkpoint.root,
    )
    entry: dict[str, Any] = json.loads(document)
    return entry


async def test_a_learner_proves_every_entry_to_anybody(
    log_bank: LogBank, bank: Bank, client: httpx.AsyncClient
) -> None:
    await log_bank.post(40)
    await log_bank.seal()
    log = await only_log(client)
    student = log_bank.district.students[1]
    shown = (await bank.entries(student))["items"]
    assert len(shown) > 10
    previous = None
    for one in reversed(shown):
        response = await proof_of(bank, student, one["id"])
        assert response.status_code == 200, response.text
        assert response.headers["cache-control"] == "no-store"
        proof = response.json()
        entry = opened(proof, log)
        assert (entry["id"], entry["sequence"], entry["prev"]) == (one["id"], one["sequence"], previous)
        assert entry["learner"] == str(student)
        previous = proof["commitment"]


async def test_the_command_checks_a_proof_in_a_file(
    log_bank: LogBank,
    bank: Bank,
    client: httpx.AsyncClient,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await log_bank.post(40)
    await log_bank.seal()
    key = (await only_log(client))["keys"][0]["verifier"]
    student = log_bank.district.students[1]
    mine, another = (await bank.entries(student))["items"][:2]
    proof = (await proof_of(bank, student, mine["id"])).json()
    other = (await proof_of(bank, student, another["id"])).json()
    file = tmp_path / "proof.json"

    def check(document: Any, *keys: str) -> None:
        file.write_text(json.dumps(document))
        verify_export(file, list(keys))

    check(proof, key)
    assert mine["id"] in capsys.readouterr().out
    lines = proof["proof"].split("\n")
    for damage in (
        {"document": proof["document"].replace("1.00", "9.00")},
        {"document": other["document"], "salt": other["salt"]},
        {"document": other["document"], "salt": other["salt"], "commitment": other["commitment"]},
        {"proof": other["proof"]},
        {"proof": "\n".join([lines[0], "index 00", *lines[2:]])},
        {"proof": "\n".join(lines[:2] + lines[3:])},
        {"proof": proof["proof"].removeprefix("c2sp.org/")},
        {"proof": ""},
        {"salt": "x"},
        {"salt": None},
    ):
        with pytest.raises(CommandFailed):
            check({**proof, **damage}, key)
    nothings: tuple[Any, ...] = ([], "x", {})
    for nothing in nothings:
        with pytest.raises(CommandFailed):
            check(nothing, key)
    with pytest.raises(CommandFailed, match="no known key"):
        check(proof)
    check({**proof, "proof": proof["proof"].replace("index", "extra AAAA\nindex", 1)}, key)


async def test_an_entry_that_is_not_sealed_yet_says_so(log_bank: LogBank, bank: Bank) -> None:
    await log_bank.seal()
    student = log_bank.district.students[0]
    await log_bank.post(1, student)
    entry = (await bank.entries(student))["items"][0]["id"]
    response = await proof_of(bank, student, entry)
    assert (response.status_code, response.headers["retry-after"]) == (409, "5")
    assert response.json()["type"].endswith("/problems/not-in-the-log-yet")
    chinese = await bank.client.get(
        f"/v1/accounts/me/entries/{entry}/proof",
        headers={**bank.of_person(student), "Accept-Language": "zh-CN"},
    )
    assert chinese.json()["title"] == "尚未写入公开日志"
    await log_bank.seal()
    assert (await proof_of(bank, student, entry)).status_code == 200


@pytest.mark.parametrize("hours", [-1, 23])
async def test_an_entry_is_found_whatever_the_clock_said(log_bank: LogBank, bank: Bank, hours: int) -> None:
    """Blocks seem to be ordered before the entry was recorded, or long after, with hundreds between."""
    await log_bank.post(3)
    await log_bank.seal()
    owner = await asyncpg.connect(log_bank.store.migrations_database)
    await owner.execute(
        "update log_block set sequenced_at = sequenced_at + $1 * interval '1 hour'", float(hours)
    )
    await owner.execute(
        "insert into log_block select log, first + n, 1, sequenced_at - interval '1 s', array[sha256('x')]"
        " from log_block, generate_series(10, 800) n"
    )
    await owner.close()
    student = log_bank.district.students[0]
    entry = (await bank.entries(student))["items"][0]["id"]
    response = await proof_of(bank, student, entry)
    assert response.status_code == 200
    assert response.json()["leaf"] < 3


async def test_nobody_else_gets_the_opening_of_an_entry(log_bank: LogBank, bank: Bank) -> None:
    await log_bank.post(6)
    await log_bank.seal()
    student, other, _ = log_bank.district.students
    entry = (await bank.entries(student))["items"][0]["id"]
    path = f"/v1/accounts/me/entries/{entry}/proof"
    assert (await bank.client.get(path)).status_code == 401
    assert (await proof_of(bank, other, entry)).status_code == 404
    assert (await proof_of(bank, student, "x")).status_code == 422
    for headers in (
        bank.of_client(log_bank.district.school, "credits.read"),
        bank.of_client(log_bank.district.region, "credits.post"),
        bank.of_person(student, "spaces.read"),
    ):
        assert (await bank.client.get(path, headers=headers)).status_code == 403


async def test_merged_books_are_proved_by_either_id(
    log_bank: LogBank, bank: Bank, client: httpx.AsyncClient
) -> None:
    await log_bank.post(6)
    await log_bank.seal()
    other, survivor, stranger = log_bank.district.students
    entry = (await bank.entries(other))["items"][0]["id"]
    await tell(log_bank.database, log_bank.keys, merged(other, survivor))
    log = await only_log(client)
    for who in (other, survivor):
        response = await proof_of(bank, who, entry)
        assert response.status_code == 200
        assert opened(response.json(), log)["learner"] == str(other)
    assert (await proof_of(bank, stranger, entry)).status_code == 404


async def test_after_erasure_nobody_opens_the_entries_and_others_still_do(
    log_bank: LogBank, bank: Bank, client: httpx.AsyncClient
) -> None:
    await log_bank.post(9)
    await log_bank.seal()
    gone, other, _ = log_bank.district.students
    mine = (await bank.entries(gone))["items"][0]["id"]
    theirs = (await bank.entries(other))["items"][0]["id"]
    kept = (await proof_of(bank, gone, mine)).json()
    await tell(log_bank.database, log_bank.keys, {"id": gone, "version": 10})
    assert (await proof_of(bank, gone, mine)).status_code == 404
    log = await only_log(client)
    opened((await proof_of(bank, other, theirs)).json(), log)
    opened(kept, log)  # a copy handed out before remains the learner's


async def test_a_bank_without_a_log_says_so(
    log_bank: LogBank, issuer: Issuer, bank: Bank, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/logs")).json() == {"logs": []}
    assert (await client.get("/log/2026/checkpoint")).status_code == 404
    student = log_bank.district.students[0]
    await log_bank.post(1, student)
    entry = (await bank.entries(student))["items"][0]["id"]
    assert (await proof_of(bank, student, entry)).status_code == 409
