"""Maker and checker of files: what one sends, another approves."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.sending import HEADER, Files, available, row
from tests.integration.creditbank.world import District, person, tell_of_people

DECIDES = "credits.read credits.write"


@pytest.fixture
async def registrar(database: Database, keys: KeyRing, district: District) -> UUID:
    identifier = new_id()
    await tell_of_people(database, keys, person(identifier, ("registrar", district.district)))
    return identifier


async def decide(
    files: Files, file: str, headers: dict[str, str], decision: str = "approved", **more: Any
) -> httpx.Response:
    return await files.bank.client.post(
        f"/v1/deposit-files/{file}/decision", json={"decision": decision, **more}, headers=headers
    )


async def test_what_is_approved_is_what_was_judged(
    bank: Bank, district: District, files: Files, registrar: UUID
) -> None:
    content = HEADER + row("S-0") + row("S-9") + row("S-1")
    waiting = await files.done(content, needs_approval=True)
    assert (waiting["state"], waiting["accepted"], waiting["refused"]) == ("awaiting_approval", 2, 1)
    assert await available(bank, district.students[0]) == "0.00"
    assert (await files.send(content, needs_approval=True))["id"] == waiting["id"]
    response = await decide(files, waiting["id"], bank.of_person(registrar, DECIDES))
    assert (response.status_code, response.json()["decided_by"]) == (200, str(registrar))
    await files.app.state.file_worker.work_through()
    done = await files.shown(waiting["id"])
    assert (done["state"], done["posted"], done["refused"], done["accepted"]) == ("posted", 2, 1, 0)
    assert done["done"] == done["total"] == 3
    assert await available(bank, district.students[0]) == "1.00"
    assert (await decide(files, waiting["id"], bank.of_person(registrar, DECIDES))).status_code == 409


@pytest.mark.parametrize("atomic", [False, True])
async def test_the_maker_is_not_the_checker(
    bank: Bank, district: District, files: Files, registrar: UUID, atomic: bool
) -> None:
    waiting = await files.done(HEADER + row("S-0"), needs_approval=True, atomic=atomic)
    for headers, status, slug in (
        (files.headers, 403, "maker-is-not-checker"),
        (bank.of_client(district.other_school), 404, "not-found"),
        (bank.of_person(district.students[0], DECIDES), 404, "not-found"),
    ):
        response = await decide(files, waiting["id"], headers)
        assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (status, slug)
    assert (await decide(files, waiting["id"], bank.of_client(district.district))).status_code == 200
    await files.app.state.file_worker.work_through()
    assert (await files.shown(waiting["id"]))["posted"] == 1


async def test_an_auditor_sees_and_decides_nothing(
    bank: Bank, district: District, files: Files, database: Database, keys: KeyRing
) -> None:
    auditor = new_id()
    await tell_of_people(database, keys, person(auditor, ("auditor", district.school)))
    waiting = await files.done(HEADER + row("S-0"), needs_approval=True)
    response = await decide(files, waiting["id"], bank.of_person(auditor, DECIDES))
    assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (403, "not-a-checker")


async def test_a_rejected_file_posts_nothing_and_says_why(
    bank: Bank, district: District, files: Files, registrar: UUID
) -> None:
    waiting = await files.done(HEADER + row("S-0"), needs_approval=True)
    headers = bank.of_person(registrar, DECIDES)
    assert (await decide(files, waiting["id"], headers, "rejected")).status_code == 422
    response = await decide(files, waiting["id"], headers, "rejected", reason="wrong term")
    assert (response.json()["state"], response.json()["decision_reason"]) == ("rejected", "wrong term")
    await files.app.state.file_worker.work_through()
    assert await available(bank, district.students[0]) == "0.00"
    assert (await files.items(waiting["id"]))[0]["outcome"] == "accepted"


async def test_a_file_that_needs_no_approval_gets_none(files: Files, bank: Bank, registrar: UUID) -> None:
    done = await files.done(HEADER + row())
    assert (await decide(files, done["id"], bank.of_person(registrar, DECIDES))).status_code == 409
