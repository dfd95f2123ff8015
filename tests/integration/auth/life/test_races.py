"""Merges and erasures at the same time as one another, as imports, and in two processes."""

import asyncio
from collections import Counter
from uuid import UUID

from services.auth.erasure.service import erase_due
from tests.integration.auth.life.records import Records, merge, problem
from tests.integration.auth.places import Place


async def test_of_merges_at_once_one_alone_wins(here: Place, records: Records) -> None:
    school = await here.organisation()
    one, another, third = [await here.person(school) for _ in range(3)]
    pairs = [(one, another), (another, one), (third, one), (one, another), (another, one), (one, third)]
    answers = await asyncio.gather(*(merge(here.admin.http, *pair) for pair in pairs))
    codes = Counter(answer.status_code for answer in answers)
    # Three records can become one by two merges at most, and a record is merged once.
    assert set(codes) == {204, 404}
    assert 1 <= codes[204] <= 2
    rows = await records.pool.fetch(
        "select id, merged_into from person where id = any($1)", [one, another, third]
    )
    into = {row["id"]: row["merged_into"] for row in rows}
    kept = [person for person, survivor in into.items() if survivor is None]
    assert len(kept) == 3 - codes[204]
    assert {survivor for survivor in into.values() if survivor is not None} <= set(kept), "no chain, no ring"
    for person, survivor in into.items():
        merged = [data for kind, data in await records.events(person) if kind == "auth.person.merged.v1"]
        assert len(merged) == (survivor is not None)


async def test_a_role_given_while_records_merge_is_not_lost(here: Place, records: Records) -> None:
    school = await here.organisation()
    other, survivor = await here.person(school), await here.person(school)

    async def give(role: str) -> int:
        body = {"person": str(other), "organisation": str(school), "role": role}
        return (await here.admin.http.post("/v1/roles", json=body)).status_code

    given = ("teacher", "staff", "assessor", "auditor", "registrar")
    merging = asyncio.create_task(merge(here.admin.http, survivor, other))
    granted = await asyncio.gather(*(give(role) for role in given))
    assert (await merging).status_code == 204
    held = {
        row["role"]
        for row in await records.pool.fetch(
            "select role from role_assignment where person_id = $1 and status = 'open'", survivor
        )
    }
    assert held == {"student"} | {role for role, status in zip(given, granted, strict=True) if status == 201}
    assert await records.count("role_assignment", person_id=other, status="open") == 0


async def test_no_merge_while_a_roster_that_names_one_is_imported(here: Place, records: Records) -> None:
    school = await here.organisation()
    other, survivor = await here.person(school), await here.person(school)
    source = await records.roster(school)
    await records.named(source, other)
    connection = await here.app.state.database.connect()
    importing = connection.transaction()
    await importing.start()
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended('roster:' || anchor_id || ':' || name, 0))"
        " from roster_source where id = $1",
        source,
    )
    assert problem(await merge(here.admin.http, survivor, other)) == (409, "roster-at-work")
    await importing.rollback()
    await connection.close()
    assert (await merge(here.admin.http, survivor, other)).status_code == 204


async def test_two_processes_erase_each_person_once(here: Place, records: Records) -> None:
    school = await here.organisation()
    people: list[UUID] = [await here.person(school) for _ in range(12)]
    for person in people:
        assert (await here.admin.http.post(f"/v1/people/{person}/erasure")).status_code == 202
    await records.pool.execute(
        "update erasure set due_at = now() where person_id = any($1) and done_at is null", people
    )
    await asyncio.gather(*(erase_due(here.app.state.database) for _ in range(4)))
    for person in people:
        told = [kind for kind, _ in await records.events(person) if kind == "auth.person.erased.v1"]
        assert len(told) == 1
    done = await records.pool.fetch(
        "select subject_id, count(*) as entries from audit where action = 'person.erased'"
        " and subject_id = any($1) group by subject_id",
        people,
    )
    assert [row["entries"] for row in done] == [1] * 12
