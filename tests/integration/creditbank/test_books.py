"""The audit finds every kind of damage, and names the first damaged row; the service itself can do none."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.creditbank.books.service import audit
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.test_races import call, item
from tests.integration.creditbank.world import make_district

MIGRATIONS = Path(__file__).resolve().parents[3] / "services" / "creditbank" / "migrations"
BOOKS = ("account", "lot", "entry", "posting_line", "deposit_batch", "shred_key")
#: what is done behind the bank's back, and the invariants that then do not hold
DAMAGE = {
    "update entry set amount = amount + 1 where learner = 1 and sequence = 1": {4, 6, 18, 21},
    "update entry set amount = null, institution = null where learner = 1 and sequence = 1": {
        1,
        4,
        6,
        18,
        21,
    },
    "update entry set institution = uuid7() where learner = 1 and sequence = 2": {6, 18, 21},
    "insert into posting_line select learner, 100, sequence, sequence, scheme, 3, 2 from entry"
    " where learner = 1 and sequence = 1": {1, 2, 4, 18},
    "update lot set available = available - 1, held = held + 1 where learner = 1 and number = 1": {4, 10},
    "update lot set grade = 'A+' where learner = 1 and number = 1": {18},
    "update lot set attempt = 'x' where learner = 1 and number = 1": {18},
    "update lot set earned_on = '2020-01-01' where learner = 1 and number = 1": {6, 18},
    "update account set available = available + 100 where learner = 1": {4},
    "update account set head = sha256('x') where learner = 1": {18},
    "update account set person = uuid7() where learner = 1": {6, 18},
    "update entry set commitment = sha256('x') where learner = 1 and sequence = 1": {18},
    "update entry set effective_on = '2020-01-01' where learner = 1 and sequence = 1": {6, 18},
    "update entry set recorded_at = recorded_at - interval '1 s' where learner = 1": {18},
    "delete from entry where learner = 1 and sequence = 1": {4, 6, 18, 21},
    "delete from entry where learner = 1 and sequence = 2": {4, 6, 18, 21},
    "insert into entry select learner, recorded_at, 3, effective_on, scheme, kind, uuid7(), batch, reverses,"
    " uuid7(), payload_hash, commitment from entry where learner = 1 and sequence = 2": {1, 18},
    "update shred_key set wrapped = (select wrapped from shred_key where learner = 2) where learner = 1": {
        18
    },
    "update deposit_batch set amount = amount - 1": {21},
    "delete from account where learner = 1": {18},
}


@pytest.fixture
async def copy(
    fresh_database: Callable[[str], ServiceStore], keys: KeyRing
) -> AsyncIterator[tuple[Database, ServiceStore]]:
    """A bank of its own with three learners, the first of whom has two entries."""
    store = fresh_database("creditbank")
    database = await Database(store.database).start()
    district = await make_district(database, keys)
    first, second, _ = district.students
    items = (item(district, first, "a", "2026"), item(district, first, "b"), item(district, second, "c"))
    await PostingDesk(database, keys).post([call(district, *items)])
    yield database, store
    await database.stop()


async def _audit(database: Database, keys: KeyRing) -> list[Any]:
    connection = await database.connect()
    try:
        return await audit(connection, keys)
    finally:
        await connection.close()


async def test_the_audit_finds_every_kind_of_damage(
    copy: tuple[Database, ServiceStore], keys: KeyRing
) -> None:
    database, store = copy
    assert await _audit(database, keys) == []
    owner = await asyncpg.connect(store.migrations_database)
    for damage, invariants in DAMAGE.items():
        await owner.execute("create schema kept")
        for table in BOOKS:
            await owner.execute(f"create table kept.{table} as table {table}")
        await owner.execute(damage)
        findings = await _audit(database, keys)
        assert {finding.invariant for finding in findings} == invariants, damage
        assert all(json.loads(finding.row) for finding in findings)
        for table in BOOKS:
            await owner.execute(f"delete from {table}")
            await owner.execute(f"insert into {table} select * from kept.{table}")
        await owner.execute("drop schema kept cascade")
    assert await _audit(database, keys) == []
    await owner.close()


@pytest.mark.parametrize("table", BOOKS)
@pytest.mark.parametrize("act", ["update {} set learner = 1", "delete from {}", "truncate {}"])
async def test_the_service_itself_can_alter_nothing(database: Database, table: str, act: str) -> None:
    act = act.replace("learner = 1", "scheme = 1") if table == "deposit_batch" else act
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.pool.execute(act.format(table))


@pytest.mark.parametrize("table", BOOKS)
async def test_the_service_itself_can_add_nothing_by_hand(database: Database, table: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.pool.execute(f"insert into {table} select * from {table}")


async def test_deposits_with_lines_of_their_own_are_taken_over_and_odd_ones_left_to_the_audit(
    copy: tuple[Database, ServiceStore], keys: KeyRing
) -> None:
    """Books from before entries held their deposits' amounts, as the migration finds them."""
    database, store = copy
    text = (MIGRATIONS / "sql" / "0035_postings.sql").read_text(encoding="utf-8")
    (taking_over,) = (one for one in text.split("\n\n") if "with deposit as materialized" in one)
    owner = await asyncpg.connect(store.migrations_database)
    everything = "select * from posting order by learner, scheme, entry, line"
    before = await owner.fetch(everything)
    await owner.execute("insert into posting_line select * from posting")
    await owner.execute("update entry set amount = null, institution = null")
    assert await owner.fetch(everything) == before
    assert await _audit(database, keys) == []
    await owner.execute("update posting_line set amount = amount + 1 where learner = 2 and line = 2")
    await owner.execute(taking_over)
    assert [row["learner"] for row in await owner.fetch("select distinct learner from posting_line")] == [2]
    assert {finding.invariant for finding in await _audit(database, keys)} == {1, 2, 4, 18}
    await owner.execute("update posting_line set amount = amount - 1 where learner = 2 and line = 2")
    await owner.execute(taking_over)
    assert await owner.fetchval("select count(*) from posting_line") == 0
    assert await owner.fetch(everything) == before
    assert await _audit(database, keys) == []
    await owner.close()


async def test_after_erasure_the_other_chains_still_hold(
    copy: tuple[Database, ServiceStore], keys: KeyRing
) -> None:
    database, store = copy
    owner = await asyncpg.connect(store.migrations_database)
    await owner.execute("delete from shred_key where learner = 1")
    await owner.execute("update learner set status = 'closed' where number = 1")
    await owner.close()
    assert await _audit(database, keys) == []


async def test_a_second_scheme_is_a_second_book(copy: tuple[Database, ServiceStore], keys: KeyRing) -> None:
    database, store = copy
    owner = await asyncpg.connect(store.migrations_database)
    await owner.execute("insert into scheme values (2, 'hours', 'Hours', '学时', 2)")
    await owner.close()
    district = await make_district(database, keys)
    items = [item(district, who, f"{who}-{n}") for n in range(2) for who in district.students]
    for scheme in ("hours", "xuebu:credits", "hours"):
        one = call(district, *(each._replace(key=each.key + scheme) for each in items))._replace(
            scheme=scheme
        )
        await PostingDesk(database, keys).post([one])
    found = await database.pool.fetch(
        "select scheme, available, sequence from account where person = $1 order by scheme",
        district.students[0],
    )
    assert [tuple(row) for row in found] == [(1, 200, 2), (2, 200, 2)]
    assert await _audit(database, keys) == []
