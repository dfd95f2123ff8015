"""What is read of a hundred thousand postings is found by an index, however it is asked for."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.postings import repository as postings
from services.creditbank.postings.rules import Place, Sought
from services.creditbank.reconciliation import repository as reconciliation
from services.creditbank.statements import repository as statements
from services.creditbank.statements.rules import View

#: learners, of whom the first has a fifth of all entries, and institutions, of which each posted as much
LEARNERS, INSTITUTIONS, ENTRIES = 2_000, 500, 100_000
_FILL = f"""
insert into institution (id, version, status, type, name, ancestors)
  select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 'active', 'school', 'School',
    array[('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid]
  from generate_series(1, {INSTITUTIONS}) n;
insert into learner (number, id, version, status) overriding system value
  select n, gen_random_uuid(), 1, 'active' from generate_series(1, {LEARNERS}) n;
create temporary table made as
  select case when n % 5 = 0 then 1 else 2 + n % ({LEARNERS} - 1) end::bigint as learner, n,
    row_number() over (partition by case when n % 5 = 0 then 1 else 2 + n % ({LEARNERS} - 1) end
      order by n)::integer as sequence,
    ('00000000-0000-7000-8000-' || lpad((1 + n / 100 % {INSTITUTIONS})::text, 12, '0'))::uuid as institution,
    ('00000000-0000-7000-9000-' || lpad((n / 100)::text, 12, '0'))::uuid as batch,
    ('00000000-0000-7000-a000-' || lpad(n::text, 12, '0'))::uuid as id,
    timestamptz '2026-01-01' + n / 100 * interval '1 minute' as at
  from generate_series(0, {ENTRIES} - 1) n;
insert into account (learner, scheme, person, sequence, available, head)
  select m.learner, 1, min(l.id::text)::uuid, max(m.sequence), count(*) * 100, '\\x00'
  from made m join learner l on l.number = m.learner group by m.learner;
insert into entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, key_hash,
    payload_hash, commitment, amount, institution)
  select learner, at, sequence, '2025-06-30', 1, 1, id, batch, id, id, uuid_send(id), 100, institution
  from made;
insert into lot (learner, issued, available, number, earned_on, scheme, issuer, outcome, attempt)
  select learner, 100, 100, sequence, '2025-06-30', 1, institution,
    ('00000000-0000-7000-b000-' || lpad((n % 400)::text, 12, '0'))::uuid,
    'a' || n / 500 || '/' || case when n % 5 = 0 then n else 0 end
    from made;
insert into deposit_batch (id, institution, client, recorded_at, amount, posted, replayed, conflicts, refused,
    scheme)
  select batch, institution, 'c', at, count(*) * 100, count(*), 0, 0, 0, 1
  from made group by batch, institution, at;
analyze
"""
INSTITUTION = UUID(f"00000000-0000-7000-8000-{7:012}")
_TABLES = {"entry", "lot", "posting_line"}


@pytest.fixture
async def pool(fresh_database: Callable[[str], ServiceStore]) -> AsyncIterator[Any]:
    store = fresh_database("creditbank")
    owner = await asyncpg.connect(store.migrations_database)
    await owner.execute(_FILL)
    await owner.close()
    database = await Database(store.database).start()
    yield database.pool
    await database.stop()


def scanned(plan: Any) -> list[tuple[str, float]]:
    """The tables of the books of which a plan reads more than a fiftieth, and how many rows."""
    rows = plan["Actual Loops"] * (
        plan["Actual Rows"]
        + plan.get("Rows Removed by Filter", 0)
        + plan.get("Rows Removed by Index Recheck", 0)
    )
    here = (
        [(plan["Relation Name"], rows)]
        if rows > ENTRIES / 50 and plan.get("Relation Name") in _TABLES
        else []
    )
    return here + [one for below in plan.get("Plans", ()) for one in scanned(below)]


async def plan(pool: Any, query: str, *arguments: Any) -> Any:
    found = await pool.fetchval(f"explain (analyze, format json) {query}", *arguments)
    return orjson.loads(found)[0]


async def test_everything_is_found_by_an_index(pool: Any) -> None:
    learner = await pool.fetchval("select id from learner where number = 77")
    entry = await pool.fetchrow(
        "select e.id, e.batch, e.recorded_at, e.learner, e.sequence, t.attempt, t.outcome"
        " from entry e join lot t on t.learner = e.learner and t.number = e.sequence"
        " where t.issuer = $1 limit 1",
        INSTITUTION,
    )
    place = Place(entry["recorded_at"], entry["batch"], entry["id"])
    ways: list[tuple[Sought, Place | None]] = [
        (Sought(), None),
        (Sought(), place),
        (Sought(until=entry["recorded_at"], is_reversed=False), None),
        (Sought(key="k"), None),
        (Sought(batch=entry["batch"]), None),
        (Sought(attempt=entry["attempt"]), None),
        (Sought(attempt=entry["attempt"]), place),
        (Sought(learner=learner), None),
        (Sought(learner_sourced_id="S-1"), None),
        (Sought(course=entry["outcome"]), None),
        (Sought(course_sourced_id="C-1"), None),
    ]
    for sought, after in ways:
        query, arguments = postings._built(postings._JSON, INSTITUTION, sought, after, 51)
        told = await plan(pool, query, *arguments)
        assert scanned(told["Plan"]) == [], sought

    now = datetime.now(UTC)
    view = View("xuebu:credits", now, None, False)
    for query, values in (
        (statements._BALANCES, (learner, now, None)),
        (statements._STATEMENT, statements._arguments(learner, view, None, 51)),
        (
            reconciliation._CALLS.format(columns=reconciliation._CALL_JSON),
            (INSTITUTION, None, None, None, None, 51),
        ),
        (reconciliation._REPORT, (INSTITUTION, None, None)),
        (reconciliation._TRIAL, (INSTITUTION,)),
    ):
        told = await plan(pool, query, *values)
        assert scanned(told["Plan"]) == [], query
    assert len(await postings.page(pool, INSTITUTION, Sought(), None, 51)) == 51
    assert await postings.page(pool, new_id(), Sought(), None, 51) == []
