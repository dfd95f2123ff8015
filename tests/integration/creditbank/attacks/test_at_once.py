"""Everything that may happen once, done many times at once."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.books.service import audit
from services.creditbank.learners.handlers import people_merged
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, conversion, programme
from tests.integration.creditbank.sending import HEADER, Files, row
from tests.integration.creditbank.world import District, as_event, person, tell_of_people

TIMES = 8


async def statuses(*asked: Any) -> Counter[int]:
    return Counter(one.status_code for one in await asyncio.gather(*asked))


async def available(bank: Bank, *people: UUID) -> list[str]:
    return [
        (await bank.account(who))["accounts"][0]["available"]
        if (await bank.account(who))["accounts"]
        else "-"
        for who in people
    ]


async def findings(database: Database, keys: KeyRing) -> list[Any]:
    connection = await database.connect()
    try:
        return await audit(connection, keys)
    finally:
        await connection.close()


async def test_a_suspended_item_claimed_for_many_is_posted_to_one(
    bank: Bank, district: District, files: Files, database: Database, keys: KeyRing
) -> None:
    """Of the same waiting credits each of eight calls names another learner."""
    people = [new_id() for _ in range(TIMES)]
    await tell_of_people(database, keys, *(person(who, ("student", district.school)) for who in people))
    for _ in range(3):
        done = await files.done(HEADER + row(f"N-{new_id().hex}"), suspend_unknown=True)
        assert done["suspended"] == 1, done
        listed = await bank.client.get(
            f"/v1/institutions/{district.school}/suspense?state=waiting", headers=files.headers
        )
        (waiting,) = listed.json()["items"]
        before = Counter(await available(bank, *people))
        found = await statuses(
            *(
                bank.client.post(
                    f"/v1/suspense/{waiting['id']}/claim",
                    json={"learner": {"id": str(who)}},
                    headers=bank.of_client(district.school),
                )
                for who in people
            )
        )
        assert found[200] == 1, found
        after = Counter(await available(bank, *people))
        assert sum(float(a) * n for a, n in after.items()) - sum(float(a) * n for a, n in before.items()) == 1


async def test_a_suspended_item_is_claimed_or_withdrawn_not_both(
    bank: Bank, district: District, files: Files
) -> None:
    student = district.students[0]
    for _ in range(4):
        done = await files.done(HEADER + row(f"N-{new_id().hex}"), suspend_unknown=True)
        listed = await bank.client.get(
            f"/v1/institutions/{district.school}/suspense?state=waiting", headers=files.headers
        )
        (waiting,) = [one for one in listed.json()["items"] if one["file"] == done["id"]]
        (before,) = await available(bank, student)
        address = f"/v1/suspense/{waiting['id']}"
        body = {"learner": {"id": str(student)}}
        claimed, withdrawn = await asyncio.gather(
            bank.client.post(f"{address}/claim", json=body, headers=files.headers),
            bank.client.post(f"{address}/withdrawal", headers=files.headers),
        )
        (after,) = await available(bank, student)
        assert sorted((claimed.status_code, withdrawn.status_code)) == [200, 409]
        assert (after != before) == (claimed.status_code == 200)


async def test_a_claim_against_the_news_that_finds_the_learner(
    bank: Bank, district: District, files: Files, app: FastAPI, database: Database, keys: KeyRing
) -> None:
    """The worker posts to whom auth told of, while a client says it is somebody else's."""
    student = district.students[0]
    for _ in range(4):
        name, newcomer = f"N-{new_id().hex}", new_id()
        done = await files.done(HEADER + row(name), suspend_unknown=True)
        listed = await bank.client.get(
            f"/v1/institutions/{district.school}/suspense?state=waiting", headers=files.headers
        )
        (waiting,) = [one for one in listed.json()["items"] if one["file"] == done["id"]]
        known = [{"organisation": district.district, "sourced_id": name}]
        await tell_of_people(
            database, keys, person(newcomer, ("student", district.school), identifiers=known)
        )
        await database.pool.execute(
            "update suspense set due = true, news = news + 1 where id = $1", UUID(waiting["id"])
        )
        (before,) = await available(bank, student)
        await asyncio.gather(
            bank.client.post(
                f"/v1/suspense/{waiting['id']}/claim",
                json={"learner": {"id": str(student)}},
                headers=files.headers,
            ),
            app.state.file_worker.work_through(),
        )
        mine, theirs = await available(bank, student, newcomer)
        assert (float(mine) - float(before)) + float(theirs) == 1.0


async def test_one_correction_approved_many_times_is_done_once(
    bank: Bank, district: District, database: Database, keys: KeyRing
) -> None:
    answer = await bank.posted(district.school, item(district.students[0], district.course, credits="1.00"))
    replacement = {"course": {"sourced_id": "C-1"}, "credits": "2.00", "earned_on": "2026-06-30"}
    asked = await bank.client.post(
        f"/v1/deposits/{answer['batch']}/entries/{answer['items'][0]['entry']}/corrections",
        json={"reason": "x", "replacement": replacement},
        headers=bank.of_client(district.school),
    )
    found = await statuses(
        *(
            bank.client.post(
                f"/v1/corrections/{asked.json()['id']}/decision",
                json={"decision": ("approved", "rejected")[n % 2], "reason": "x"},
                headers=bank.of_client(district.school),
            )
            for n in range(TIMES)
        )
    )
    assert found == {200: 1, 409: TIMES - 1}
    assert (await available(bank, district.students[0]))[0] in ("1.00", "2.00")
    assert await findings(database, keys) == []


async def test_a_revocation_against_what_spends(
    bank: Bank, desk: Desk, publish: Publish, district: District, database: Database, keys: KeyRing, ects: str
) -> None:
    """A deposit is taken back while its learner asks for an award and converts: one of them has it."""
    student = district.students[0]
    rules = await publish(programme(total="2.00"))
    terms = await publish(conversion())
    for turn in range(4):
        answer = await bank.posted(district.school, item(student, district.course, credits="2.00"))
        lot = max(one["sequence"] for one in (await bank.entries(student, limit=200))["items"])
        asked = await bank.client.post(
            f"/v1/deposits/{answer['batch']}/entries/{answer['items'][0]['entry']}/corrections",
            json={"reason": "x"},
            headers=bank.of_client(district.school),
        )
        revoked, award, converted = await asyncio.gather(
            bank.client.post(
                f"/v1/corrections/{asked.json()['id']}/decision",
                json={"decision": "approved"},
                headers=bank.of_client(district.school),
            ),
            desk.ask(student, "POST", "/v1/awards", {"programme": rules, "key": f"{turn}", "lots": [lot]}),
            desk.ask(
                student,
                "POST",
                "/v1/conversions",
                {"rule": terms, "key": f"{turn}", "lots": [{"lot": lot, "credits": "2.00"}]},
            ),
        )
        good = [one.status_code for one in (revoked, award, converted)]
        assert sum(status < 300 for status in good) == 1, good
        assert all(status in (200, 201, 404, 409) for status in good), good
    assert await findings(database, keys) == []


async def test_a_freeze_against_what_spends(
    bank: Bank,
    desk: Desk,
    publish: Publish,
    office: Office,
    district: District,
    database: Database,
    keys: KeyRing,
) -> None:
    rules = await publish(programme(total="1.00"))
    for student in district.students:
        await bank.posted(district.school, item(student, district.course, credits="1.00"))
        frozen, award = await asyncio.gather(
            desk.ask(office.second, "POST", f"/v1/learners/{student}/freezes", {"reason": "x"}),
            desk.ask(student, "POST", "/v1/awards", {"programme": rules, "key": "a"}),
        )
        assert frozen.status_code == 201
        assert award.status_code in (201, 409)
        decided = await desk.ask(student, "POST", "/v1/awards", {"programme": rules, "key": "b"})
        assert decided.status_code == 409
        if award.status_code == 201:
            address = f"/v1/awards/{award.json()['id']}"
            granted = await desk.refused(
                office.registrar, "POST", f"{address}/decision", {"decision": "approve"}
            )
            assert granted == (409, "account-frozen")
    assert await findings(database, keys) == []


async def test_many_freezes_and_their_ends_at_once(
    bank: Bank, desk: Desk, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    student = district.students[0]
    await bank.posted(district.school, item(student, district.course))
    begun = await asyncio.gather(
        *(
            desk.ask(office.second, "POST", f"/v1/learners/{student}/freezes", {"reason": f"{n}"})
            for n in range(4)
        )
    )
    assert {one.status_code for one in begun} == {201}
    third = new_id()
    await tell_of_people(database, keys, person(third, ("administrator", district.district)))
    all_of_them = (await desk.ok(third, "GET", f"/v1/learners/{student}/freezes"))["items"]
    assert len(all_of_them) == 4
    for freeze in all_of_them:
        found = await statuses(
            *(desk.ask(third, "POST", f"/v1/learners/{student}/freezes/{freeze['id']}/end") for _ in range(3))
        )
        assert found == {200: 1, 409: 2}
    assert (await bank.account(student))["frozen"] is False
    assert await findings(database, keys) == []


async def test_a_merge_against_everything(
    bank: Bank,
    desk: Desk,
    publish: Publish,
    office: Office,
    district: District,
    database: Database,
    keys: KeyRing,
) -> None:
    """Two records become one while both ask for awards, get credits and are frozen."""
    one, other, _ = district.students
    rules = await publish(programme(total="1.00"))
    for who in (one, other):
        await bank.posted(district.school, item(who, district.course, credits="1.00"))

    async def merge() -> None:
        connection = await database.connect()
        async with connection.transaction():
            await people_merged(connection, [as_event({"id": other, "into": one, "version": 9})])
        await connection.close()

    answers: list[Any] = await asyncio.gather(
        merge(),
        *(desk.ask(who, "POST", "/v1/awards", {"programme": rules, "key": "a"}) for who in (one, other)),
        *(
            bank.post(district.school, item(who, district.course, attempt="same"))
            for who in (one, other, one, other)
        ),
        desk.ask(office.second, "POST", f"/v1/learners/{other}/freezes", {"reason": "x"}),
    )
    responses = [answer for answer in answers if isinstance(answer, httpx.Response)]
    assert all(response.status_code < 500 for response in responses), [r.status_code for r in responses]
    assert (await bank.account(one)) == (await bank.account(other))
    assert await findings(database, keys) == []


@pytest.mark.parametrize("decision", ["acceptance", "withdrawal"])
async def test_a_recognition_is_accepted_once(
    bank: Bank,
    desk: Desk,
    office: Office,
    district: District,
    decision: str,
    database: Database,
    keys: KeyRing,
) -> None:
    student = district.students[0]
    body = {
        "institution": str(district.school),
        "key": "r",
        "claims": [{"title": "Carpentry", "evidence": "Letters"}],
    }
    made = await asyncio.gather(*(desk.ask(student, "POST", "/v1/recognitions", body) for _ in range(TIMES)))
    assert len({one.json()["id"] for one in made}) == 1, [one.status_code for one in made]
    address = f"/v1/recognitions/{made[0].json()['id']}"
    offer = {"claims": [{"number": 1, "course": str(district.course), "credits": "3.00"}]}
    await desk.ok(office.assessor, "POST", f"{address}/assessment", offer)
    await desk.ok(office.registrar, "POST", f"{address}/decision", {"decision": "approve"})
    ways = ["acceptance", decision] * (TIMES // 2)
    found = await statuses(*(desk.ask(student, "POST", f"{address}/{way}") for way in ways))
    assert found == {200: 1, 409: TIMES - 1}
    assert (await available(bank, student))[0] in ("3.00", "0.00")
    assert await findings(database, keys) == []


async def test_a_conversions_cap_holds_at_once(
    bank: Bank, desk: Desk, publish: Publish, district: District, ects: str
) -> None:
    student = district.students[0]
    terms = await publish(conversion(most="2.00"))
    lots = await desk.lots(student, *[(district.school, district.course, "1.00")] * 6)
    found = await statuses(
        *(
            desk.ask(
                student,
                "POST",
                "/v1/conversions",
                {"rule": terms, "key": f"{n}", "lots": [{"lot": lot, "credits": "1.00"}]},
            )
            for n, lot in enumerate(lots)
        )
    )
    assert found == {200: 2, 409: 4}


async def test_an_institution_is_suspended_or_withdrawn_once(
    desk: Desk, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    above = [new_id() for _ in range(TIMES)]
    await tell_of_people(
        database, keys, *(person(who, ("administrator", district.district)) for who in above)
    )
    address = f"/v1/institutions/{district.school}/standing"
    found = await statuses(
        *(desk.ask(who, "POST", address, {"act": "suspend", "reason": "x"}) for who in above)
    )
    assert found == {200: 1, 409: TIMES - 1}
    found = await statuses(*(desk.ask(who, "POST", address, {"act": "reinstate"}) for who in above))
    assert found[200] == 1
    assert set(found) <= {200, 403, 409}


async def test_eight_files_at_once_and_their_decisions(
    bank: Bank, desk: Desk, office: Office, district: District, files: Files
) -> None:
    content = HEADER + row("S-0", key=new_id().hex)
    sent = await asyncio.gather(*(files.send(content, needs_approval=True) for _ in range(TIMES)))
    assert len({one["id"] for one in sent}) == 1
    await files.app.state.file_worker.work_through()
    address = f"/v1/deposit-files/{sent[0]['id']}/decision"
    found = await statuses(
        *(
            desk.ask((office.registrar, office.second)[n % 2], "POST", address, {
                "decision": ("approved", "rejected")[n % 2], "reason": "x",
            })
            for n in range(TIMES)
        )
    )  # fmt: skip
    assert found == {200: 1, 409: TIMES - 1}
    await asyncio.gather(*(files.app.state.file_worker.work_through() for _ in range(4)))
    shown = await files.shown(sent[0]["id"])
    assert (shown["state"], shown["posted"]) in (("posted", 1), ("rejected", 0))
