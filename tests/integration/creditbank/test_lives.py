"""Merged and erased people: the books stay as they are, and every reader is answered rightly by either id."""

import asyncio
import itertools
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.books.service import audit
from services.creditbank.learners.handlers import people_erased, people_merged, person_changed
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import District, as_event, person, tell_of_people

LEDGER = (
    "select * from entry where learner = any($1) order by learner, scheme, sequence",
    "select * from lot where learner = any($1) order by learner, scheme, number",
    "select * from posting where learner = any($1) order by learner, entry, scheme, line",
    "select * from account where learner = any($1) order by learner, scheme",
)


def merged(other: UUID, into: UUID, version: int = 9) -> dict[str, Any]:
    """The data of auth.person.merged.v1."""
    return {"id": other, "into": into, "version": version}


def erased(who: UUID, version: int = 10) -> dict[str, Any]:
    """The data of auth.person.erased.v1."""
    return {"id": who, "version": version}


async def tell(database: Database, keys: KeyRing, *told: dict[str, Any]) -> None:
    """Each in a transaction of its own, as the inbox applies a batch."""
    connection = await database.connect()
    for one in told:
        handle = person_changed(keys)
        if "into" in one:
            handle = people_merged
        elif set(one) == {"id", "version"}:
            handle = people_erased
        async with connection.transaction():
            await handle(connection, [as_event(one)])
    await connection.close()


async def findings(database: Database, keys: KeyRing) -> list[Any]:
    connection = await database.connect()
    try:
        return await audit(connection, keys)
    finally:
        await connection.close()


async def numbers(database: Database, *people: UUID) -> list[int]:
    rows = await database.pool.fetch("select number from learner where id = any($1) order by number", people)
    return [row["number"] for row in rows]


async def ledger(database: Database, of: list[int]) -> list[list[tuple[Any, ...]]]:
    return [[tuple(row) for row in await database.pool.fetch(query, of)] for query in LEDGER]


async def test_two_books_are_read_as_one_and_none_is_rewritten(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    other, survivor, _ = district.students
    for who, amount in ((other, "1.50"), (survivor, "2.00"), (other, "0.25")):
        await bank.posted(district.school, item(who, district.course, credits=amount))
    both = await numbers(database, other, survivor)
    before = await ledger(database, both)
    heads = {one: (await bank.account(one))["accounts"][0]["head"] for one in (other, survivor)}
    await tell(database, keys, merged(other, survivor))
    assert await ledger(database, both) == before
    told = await bank.account(survivor)
    assert told == await bank.account(other), "the old id answers like the survivor"
    (account,) = told["accounts"]
    assert (told["learner"], account["available"], account["entries"]) == (str(survivor), "3.75", 3)
    assert account["head"] == heads[survivor]
    assert account["merged"] == [{"learner": str(other), "entries": 2, "head": heads[other]}]
    assert [(one["lots"], one["issued"]) for one in account["institutions"]] == [(3, "3.75")]
    entries = (await bank.entries(survivor))["items"]
    assert entries == (await bank.entries(other))["items"]
    shown = [(one["credits"], one["learner"], one["sequence"]) for one in entries]
    assert shown == [("0.25", str(other), 2), ("2.00", str(survivor), 1), ("1.50", str(other), 1)]
    assert await findings(database, keys) == []


async def test_pages_of_joined_books_show_each_entry_once(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    other, survivor, _ = district.students
    for n in range(7):
        await bank.posted(
            district.school, item((other, survivor)[n % 2], district.course, credits=f"{n + 1}.00")
        )
    first = await bank.entries(survivor, limit=2)
    await tell(database, keys, merged(other, survivor))
    for who in (other, survivor):
        seen, cursor = [], None
        while True:
            page = await bank.entries(who, limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [one["credits"] for one in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert seen == [f"{n}.00" for n in range(7, 0, -1)]
    # A list begun before the merge goes on after it.
    rest = await bank.entries(survivor, limit=50, cursor=first["next"])
    assert [one["credits"] for one in rest["items"]] == ["3.00", "2.00", "1.00"]
    for cursor in ("WzEsIDFd", "WzEsIDEsICJ4Il0"):
        answer = await bank.client.get(
            "/v1/accounts/me/entries", params={"cursor": cursor}, headers=bank.of_person(other)
        )
        assert answer.status_code == 422


async def test_what_comes_for_the_old_id_is_posted_to_the_survivor(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    other, survivor, third = district.students
    kept = item(other, district.course, attempt="2026-A", key="k-kept")
    first = await bank.posted(district.school, kept)
    await tell(database, keys, merged(other, survivor), merged(survivor, third, 11))
    by_id = await bank.posted(district.school, item(other, district.course, credits="5.00"))
    by_name = await bank.posted(district.district, item("S-0", district.district_course, credits="7.00"))
    assert (by_id["posted"], by_name["posted"]) == (1, 1)
    batch = await bank.client.get(f"/v1/deposits/{by_id['batch']}", headers=bank.of_client(district.school))
    assert batch.json()["entries"][0]["learner"] == str(third)
    (account,) = (await bank.account(other))["accounts"]
    assert (account["available"], account["entries"]) == ("13.00", 3)
    assert [book["entries"] for book in account["merged"]] == [1, 0]
    # One attempt counts once, whichever book has it; and a repeated call has its first answer.
    again = await bank.posted(district.school, item(third, district.course, attempt="2026-A"))
    assert (again["items"][0]["outcome"], again["items"][0]["reason"]) == (
        "refused",
        "attempt_already_posted",
    )
    assert again["items"][0]["entry"] == first["items"][0]["entry"]
    repeated = await bank.posted(district.school, kept)
    assert (repeated["replayed"], repeated["batch"]) == (1, first["batch"])
    assert await findings(database, keys) == []


async def test_a_merge_while_credits_are_posted_loses_and_doubles_nothing(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    other, survivor, _ = district.students

    async def post(n: int) -> Counter[str]:
        await asyncio.sleep(0.002 * (n % 20))
        who = (other, survivor)[n % 2]
        answer = await bank.posted(district.school, item(who, district.course, attempt=f"a-{n}"))
        return Counter(one["outcome"] for one in answer["items"])

    async def merge() -> None:
        await asyncio.sleep(0.01)
        await tell(database, keys, merged(other, survivor))

    answers = await asyncio.gather(*(post(n) for n in range(60)), merge())
    assert sum((one for one in answers if one), Counter()) == {"posted": 60}
    for who in (other, survivor):
        assert (await bank.account(who))["accounts"][0]["available"] == "60.00"
        assert len((await bank.entries(who, limit=200))["items"]) == 60
    after = await bank.posted(district.school, item(other, district.course))
    assert after["posted"] == 1
    own = await database.pool.fetchval(
        "select person from account a join entry e on e.learner = a.learner where e.batch = $1",
        UUID(after["batch"]),
    )
    assert own == survivor
    assert await findings(database, keys) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::5])
async def test_any_order_and_repetition_end_alike(
    bank: Bank, database: Database, keys: KeyRing, district: District, order: tuple[int, ...]
) -> None:
    """Two records, three stages: the other's last snapshot, the merge, and what the survivor has then."""
    other, survivor, last = (new_id() for _ in range(3))
    named = [{"organisation": district.district, "sourced_id": f"X-{other}"}]
    told = [
        person(other, ("student", district.school), identifiers=named),
        person(survivor, ("teacher", district.other_school)),
        merged(other, survivor, 2),
        person(last, ("student", district.school), identifiers=named, version=2),
        merged(survivor, last, 2),
    ]
    await tell(database, keys, *(told[n] for n in order))
    await tell(database, keys, *(told[n] for n in order[:3]))
    assert {(await bank.account(who))["learner"] for who in (other, survivor, last)} == {str(last)}
    posted = [
        (await bank.posted(district.school, item(who, district.course)))["posted"]
        for who in (other, survivor, f"X-{other}")
    ]
    assert posted == [1, 1, 1]
    assert (await bank.account(survivor))["accounts"][0]["available"] == "3.00"
    places = await database.pool.fetch(
        "select o.organisation, o.roles from learner_organisation o join learner l on l.number = o.learner"
        " where l.id = any($1)",
        [other, survivor, last],
    )
    assert {row["organisation"]: row["roles"] for row in places} in (
        {district.school: ["student"], district.other_school: []},
        {district.school: ["student"]},  # a merge known first: what the survivor held was never heard of
    )


async def test_the_audit_tells_of_an_attempt_that_a_merge_doubled(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    """Both were right when they were posted, so the books hold; somebody has to say which counts."""
    other, survivor, _ = district.students
    for who in (other, survivor):
        await bank.posted(district.school, item(who, district.course, attempt="2026-B"))
    await tell(database, keys, merged(other, survivor))
    connection = await database.connect()
    lines: list[str] = []
    assert await audit(connection, keys, lines.append) == []
    await connection.close()
    assert [line for line in lines if "attempts stand in two books" in line]


async def test_an_administrator_keeps_what_was_overseen_under_the_old_id(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    other, survivor = new_id(), new_id()
    await tell(database, keys, person(other, ("administrator", district.school)), merged(other, survivor))
    await tell(database, keys, person(survivor, ("administrator", district.school)))
    for who in (other, survivor):
        answer = await bank.client.get(
            "/v1/coverage", params={"organisation": str(district.school)}, headers=bank.of_person(who)
        )
        assert (answer.status_code, answer.json()["people"]) == (200, 4)


async def test_erasure_cuts_the_link_and_leaves_every_sum(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    other, survivor, neighbour = district.students
    for who in district.students:
        await bank.posted(district.school, item(who, district.course, credits="2.00"))
    both = await numbers(database, other, survivor)
    untouched = (await ledger(database, both))[:3]
    totals = (
        await bank.client.get(
            f"/v1/institutions/{district.school}/totals", headers=bank.of_client(district.school)
        )
    ).json()
    await tell(database, keys, merged(other, survivor), erased(survivor), erased(other), erased(other))
    assert (await ledger(database, both))[:3] == untouched
    again = await bank.client.get(
        f"/v1/institutions/{district.school}/totals", headers=bank.of_client(district.school)
    )
    assert again.json() == totals
    for who in (other, survivor):
        assert await bank.account(who) == {
            "learner": str(who),
            "consent": None,
            "home": None,
            "frozen": False,
            "accounts": [],
        }
        assert (await bank.entries(who))["items"] == []
        refused = await bank.posted(district.school, item(who, district.course))
        assert refused["items"][0]["reason"] == "learner_unknown"
        for table in ("account where person", "learner where id"):
            assert not await database.pool.fetchval(f"select count(*) from {table} = $1", who)
    assert not await database.pool.fetchval("select count(*) from shred_key where learner = any($1)", both)
    assert (await bank.account(neighbour))["accounts"][0]["available"] == "2.00"
    assert await findings(database, keys) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_late_news_of_the_erased_makes_nobody_anew(
    bank: Bank, database: Database, keys: KeyRing, district: District, order: tuple[int, ...]
) -> None:
    other, survivor = new_id(), new_id()
    told = [
        person(other, ("student", district.school)),
        person(survivor, ("student", district.school)),
        merged(other, survivor, 2),
        erased(survivor, 3),
    ]
    await tell(database, keys, *(told[n] for n in order), erased(other, 3))
    await tell(database, keys, *told)
    for who in (other, survivor):
        assert (await bank.account(who))["accounts"] == []
        assert not await database.pool.fetchval("select count(*) from learner where id = $1", who)
    coverage = await bank.client.get(
        "/v1/coverage",
        params={"organisation": str(district.school)},
        headers=bank.of_client(district.school),
    )
    assert coverage.json()["people"] == 3
    assert await findings(database, keys) == []


async def test_the_services_role_cuts_no_link_but_by_the_function(database: Database, keys: KeyRing) -> None:
    privileges = await database.pool.fetchrow(
        "select has_table_privilege(current_user, 'account', 'update') as account,"
        " has_table_privilege(current_user, 'shred_key', 'delete') as key,"
        " (select proacl::text from pg_proc where proname = 'cut_links') as rights"
    )
    assert privileges is not None
    assert (privileges["account"], privileges["key"]) == (False, False)
    assert "{=X" not in privileges["rights"]
    assert ",=X" not in privileges["rights"]


async def test_consent_is_known_and_hinders_no_posting(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    """To post credits is the institution's duty; what a child may show of them asks for the flag."""
    learner = district.students[0]
    assert (await bank.account(learner))["consent"] == "not-needed"
    for version, consent in ((2, "missing"), (4, "withdrawn"), (3, "given")):
        await tell_of_people(
            database, keys, person(learner, ("student", district.school), version=version, consent=consent)
        )
    await bank.posted(district.school, item(learner, district.course))
    told = await bank.account(learner)
    assert (told["consent"], told["accounts"][0]["available"]) == ("withdrawn", "1.00")
