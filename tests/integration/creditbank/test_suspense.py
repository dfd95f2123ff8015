"""Credits of learners nobody knows yet: they wait, and are claimed when auth tells of the learner."""

import asyncio
from typing import Any

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.handlers import person_changed
from services.creditbank.learners.keys import KeyRing
from services.creditbank.suspense import handlers
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.sending import HEADER, Files, available, row
from tests.integration.creditbank.world import District, as_event, person


async def tell(database: Database, keys: KeyRing, *documents: dict[str, Any]) -> None:
    """As the inbox tells it, to learners and to what waits for them."""
    events = [as_event(one) for one in documents]
    connection = await database.connect()
    async with connection.transaction():
        await person_changed(keys)(connection, events)
        await handlers.person_changed(connection, events)
    await connection.close()


def newcomer(district: District, name: str, **changes: Any) -> dict[str, Any]:
    identifiers = [{"organisation": district.district, "sourced_id": name}]
    return person(new_id(), ("student", district.school), **{"identifiers": identifiers, **changes})


async def waiting(files: Files, district: District, **query: str) -> list[dict[str, Any]]:
    response = await files.bank.client.get(
        f"/v1/institutions/{district.school}/suspense", params=query, headers=files.headers
    )
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["items"]
    return found


async def test_credits_wait_for_their_learner_and_are_posted_when_there_is_one(
    bank: Bank, district: District, files: Files, database: Database, keys: KeyRing
) -> None:
    done = await files.done(HEADER + row("S-0") + row("N-1") + row("N-2"), suspend_unknown=True)
    assert (done["state"], done["posted"], done["suspended"]) == ("posted", 1, 2)
    held = await waiting(files, district)
    assert [one["learner"]["sourced_id"] for one in held] == ["N-1", "N-2"]
    assert {(one["state"], one["file"], one["credits"]) for one in held} == {("waiting", done["id"], "1.00")}
    learner = newcomer(district, "N-1")
    await tell(database, keys, learner, newcomer(district, "other"))
    await files.app.state.file_worker.work_through()
    assert await available(bank, learner["id"]) == "1.00"
    first, second = await waiting(files, district)
    assert (first["state"], second["state"]) == ("posted", "waiting")
    item_now = (await files.items(done["id"]))[1]
    assert (item_now["outcome"], item_now["reason"], item_now["entry"]) == ("posted", None, first["entry"])
    assert await waiting(files, district, state="waiting") == [second]


async def test_the_same_file_again_suspends_nothing_twice(
    bank: Bank, district: District, files: Files, database: Database, keys: KeyRing
) -> None:
    line = row("N-3", key=new_id().hex)
    await files.done(HEADER + line, suspend_unknown=True)
    again = await files.done(HEADER + line + line, suspend_unknown=True)
    assert again["suspended"] == 2
    changed = await files.done(HEADER + line.replace("1.00", "2.00"), suspend_unknown=True)
    assert (changed["suspended"], changed["conflicts"]) == (0, 1)
    assert len(await waiting(files, district)) == 1
    learner = newcomer(district, "N-3")
    await tell(database, keys, learner)
    await files.app.state.file_worker.work_through()
    assert (await files.done(HEADER + line, suspend_unknown=True))["replayed"] == 1
    assert await available(bank, learner["id"]) == "1.00"


async def test_a_dry_run_and_a_refused_file_suspend_nothing(district: District, files: Files) -> None:
    judged = await files.done(HEADER + row("N-4"), suspend_unknown=True, dry_run=True)
    assert (judged["state"], judged["suspended"]) == ("judged", 1)
    refused = await files.done(HEADER + row("N-4") + row(course="C-9"), suspend_unknown=True, atomic=True)
    assert (refused["state"], refused["accepted"]) == ("refused", 1)
    assert await waiting(files, district) == []
    whole = await files.done(HEADER + row("N-4") + row("S-0"), suspend_unknown=True, atomic=True)
    assert (whole["posted"], whole["suspended"]) == (1, 1)
    assert len(await waiting(files, district)) == 1


async def test_the_institution_says_whose_they_are_or_waits_no_more(
    bank: Bank, district: District, files: Files
) -> None:
    await files.done(HEADER + row("typo-0") + row("typo-1"), suspend_unknown=True)
    first, second = await waiting(files, district)

    async def act(which: dict[str, Any], act: str, headers: dict[str, str], **body: Any) -> Any:
        response = await bank.client.post(f"/v1/suspense/{which['id']}/{act}", json=body, headers=headers)
        return response.status_code, response.json()

    stranger = bank.of_client(district.other_school)
    assert (await act(first, "claim", stranger, learner={"sourced_id": "S-0"}))[0] == 404
    assert (await act(first, "withdrawal", stranger))[0] == 404
    status, refused = await act(first, "claim", files.headers, learner={"sourced_id": "nobody"})
    assert (status, refused["type"].rsplit("/")[-1], refused["reason"]) == (
        409,
        "claim-refused",
        "learner_unknown",
    )
    status, claimed = await act(first, "claim", files.headers, learner={"sourced_id": "S-0"})
    assert (status, claimed["state"]) == (200, "posted")
    assert await available(bank, district.students[0]) == "1.00"
    assert (await act(first, "claim", files.headers, learner={"sourced_id": "S-0"}))[0] == 409
    assert (await act(second, "withdrawal", files.headers))[1]["state"] == "withdrawn"
    assert (await act(second, "withdrawal", files.headers))[0] == 409
    assert (await act(second, "claim", files.headers, learner={}))[0] == 422
    assert (
        await bank.client.get(f"/v1/institutions/{district.school}/suspense", headers=stranger)
    ).status_code == 404


async def test_what_is_found_to_be_wrong_when_claimed_says_so(
    bank: Bank, district: District, files: Files, database: Database, keys: KeyRing
) -> None:
    await files.done(HEADER + row("N-5", attempt="a"), suspend_unknown=True)
    learner = newcomer(district, "N-5")
    await tell(database, keys, learner)
    await bank.posted(district.school, item(learner["id"], "C-1", attempt="a"))
    await files.app.state.file_worker.work_through()
    (found,) = await waiting(files, district)
    assert (found["state"], found["reason"]) == ("refused", "attempt_already_posted")


async def test_news_that_come_while_one_looks_are_not_lost(
    bank: Bank, district: District, files: Files, database: Database, keys: KeyRing, monkeypatch: Any
) -> None:
    from services.creditbank.suspense import repository

    await files.done(HEADER + row("N-6"), suspend_unknown=True)
    learner = newcomer(district, "N-6")
    resolve, told = repository.resolve, []

    async def late(where: Any, found: Any) -> None:
        """After the look-up, before its result is written down: the news wait for it."""
        monkeypatch.setattr(repository, "resolve", resolve)
        told.append(asyncio.create_task(tell(database, keys, learner)))
        while not await where.fetchval(
            "select exists (select from pg_locks where not granted and pid <> pg_backend_pid())"
        ):
            await asyncio.sleep(0.01)
        await resolve(where, found)

    connection = await database.connect()
    await repository.mark_institution_due(connection, district.school)
    await connection.close()
    monkeypatch.setattr(repository, "resolve", late)
    await files.app.state.file_worker.work_through()
    await asyncio.gather(*told)
    await files.app.state.file_worker.work_through()
    assert told
    assert await available(bank, learner["id"]) == "1.00"


async def test_nothing_waits_for_somebody_erased(
    district: District, files: Files, database: Database
) -> None:
    stranger = new_id()
    content = f"key,learner_id,course,credits,earned_on\n{new_id()},{stranger},C-1,1.00,2026-06-30\n"
    await files.done(content, suspend_unknown=True)
    connection = await database.connect()
    await handlers.people_erased(connection, [as_event({"id": stranger})])
    await connection.close()
    (found,) = await waiting(files, district)
    assert (found["state"], found["learner"], found["key"]) == (
        "erased",
        {"id": None, "sourced_id": None},
        None,
    )
