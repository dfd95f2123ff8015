"""A page of a record costs the same whether its learner did a hundred things or tens of thousands."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.creditbank.xapi.record import repository
from services.creditbank.xapi.record.rules import LOOKED_AT, Place, Wanted

ISSUER = "http://auth.example"
PERSON = UUID("00000000-0000-7000-8000-000000000001")
PLACES = [UUID(f"00000000-0000-7000-9000-{n:012}") for n in (1, 2)]
#: statements of each agent of the learner, and entries of the learner's book
MANY = 10_000
TABLES = ("xapi_statement", "entry")
_FILL = f"""
insert into institution (id, version, status, type, name, ancestors)
  select place, 1, 'active', 'school', 'School', array['{PLACES[0]}', place]::uuid[]
  from unnest(array['{PLACES[0]}', '{PLACES[1]}']::uuid[]) place;
insert into learner (number, id, version, status) overriding system value
  values (1, '{PERSON}', 1, 'active'), (2, gen_random_uuid(), 1, 'active');
insert into learner_organisation (learner, organisation, roles) values (1, '{PLACES[1]}', array['student']);
insert into xapi_identity (id, key, agent, learner, source, since)
  select gen_random_uuid(), sha256(agent::bytea), agent, 1, 'link', '-infinity'
  from (values ('mbox mailto:a@b.example')) a (agent);
insert into xapi_statement (organisation, position, happened_at, id, verb, authority, actor, object, body)
  select place, (n * 8 + o) << 20, timestamptz '2020-01-01' + (n * 7919 % {MANY}) * interval '1 minute',
    gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), xapi_actor_key(place, agent),
    gen_random_uuid(), '{{}}'
  from generate_series(1, {MANY}) n
  cross join unnest(array['{PLACES[0]}', '{PLACES[1]}']::uuid[]) with ordinality as p (place, o)
  cross join lateral (values ('account {ISSUER} {PERSON}'), ('mbox mailto:a@b.example')) a (agent)
  where (n + o) % 2 = length(agent) % 2;
insert into xapi_statement (organisation, position, happened_at, id, verb, authority, actor, object, body)
  select '{PLACES[0]}', (n * 8 + 7) << 20, '2020-01-01', gen_random_uuid(), gen_random_uuid(),
    gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '{{}}'
  from generate_series(1, {MANY}::bigint) n;
insert into account (learner, scheme, person, sequence, available, head)
  values (1, 1, '{PERSON}', {MANY}, 0, '\\x00');
insert into entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, key_hash,
    payload_hash, commitment)
  select 1, timestamptz '2020-01-01' + n * interval '1 minute', n, '2020-01-01', 1, 1, id, id, id, id,
    uuid_send(id)
  from (select n, gen_random_uuid() as id from generate_series(1, {MANY}) n) e;
analyze
"""


@pytest.fixture
async def owner(fresh_database: Callable[[str], ServiceStore]) -> AsyncIterator[asyncpg.Pool]:
    database = await Database(fresh_database("creditbank").migrations_database, pool_size=1).start()
    await database.pool.execute(_FILL)
    # As after many calls: the planner knows only how little others did on average.
    await database.pool.execute("set plan_cache_mode = force_generic_plan")
    yield database.pool
    await database.stop()


async def looked_at(pool: asyncpg.Pool, table: str) -> tuple[int, int]:
    """How many rows of a table this session fetched by indexes, and how many it read one after the other."""
    await pool.execute("select pg_stat_force_next_flush()")
    row = await pool.fetchrow(
        "select idx_tup_fetch, seq_tup_read from pg_stat_user_tables where relname = $1", table
    )
    assert row is not None
    return row[0], row[1]


async def test_only_the_newest_of_each_agent_and_book_are_looked_at(owner: asyncpg.Pool) -> None:
    middle = datetime(2020, 1, 4, tzinfo=UTC)
    book = {(1, 1): MANY // 2}
    for wanted, place, most in (
        (Wanted(), Place(), 51),
        (Wanted(), Place(middle, 4_000 << 20, book), 51),
        (Wanted(until=middle, kind="statement"), Place(), 51),
        (Wanted(since=middle), Place(), 51),
        (Wanted(verb="https://x.example/never"), Place(), LOOKED_AT),
        (Wanted(organisation=PLACES[1], text="never"), Place(), LOOKED_AT),
    ):
        before = {table: await looked_at(owner, table) for table in TABLES}
        found = await repository.lines(owner, 1, [1], issuer=ISSUER, wanted=wanted, after=place, most=most)
        assert len(found) == most
        for table in TABLES:
            fetched, read = await looked_at(owner, table)
            assert fetched - before[table][0] <= 6 * most, (table, wanted)
            assert read == before[table][1], (table, wanted)
