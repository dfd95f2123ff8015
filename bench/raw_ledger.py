"""The limit of posting: double entry in plain SQL, an entry with two lines and two balances, no more.

No key, no lot, no commitment, no log, no event. Batches are set-wise calls over asyncpg, single ones are
pgbench's, which is written in C.
"""

import asyncio
import os
import random
import re
import subprocess
import time
from pathlib import Path

import asyncpg

from infra.dev.postgresql import binaries
from infra.dev.stores import ServiceStore

_TABLES = """
create table account (id bigint primary key, balance bigint not null default 0) with (fillfactor = 60);
create table institution (id bigint primary key, balance bigint not null default 0) with (fillfactor = 60);
create table entry (
  id bigint generated always as identity primary key, at timestamptz not null default now(),
  institution bigint not null, learner bigint not null);
create table line (
  entry bigint not null, line smallint not null, account bigint not null, amount bigint not null,
  primary key (entry, line));
create function post_one(learner bigint, institution bigint, amount bigint) returns bigint
language plpgsql as $$
declare
  made bigint;
begin
  insert into entry (institution, learner) values (institution, learner) returning id into made;
  insert into line values (made, 1, institution, -amount), (made, 2, learner, amount);
  update account set balance = balance + post_one.amount where id = post_one.learner;
  update institution i set balance = balance - post_one.amount where i.id = post_one.institution;
  return made;
end $$;
create function post_many(learners bigint[], to_institution bigint, amounts bigint[]) returns bigint[]
language plpgsql as $$
declare
  made bigint[];
begin
  perform from account where id = any(learners) order by id for no key update;
  with i as materialized (
    select nextval('entry_id_seq') as id, u.* from unnest(learners, amounts) as u (learner, amount)
  ), e as (
    insert into entry (id, institution, learner) overriding system value
    select i.id, to_institution, i.learner from i
  ), l as (
    insert into line select i.id, v.line, v.account, v.amount from i
    cross join lateral (values (1, to_institution, -i.amount), (2, i.learner, i.amount))
      v (line, account, amount)
  ), a as (
    update account set balance = balance + s.amount
    from (select learner, sum(amount) as amount from i group by learner) s where account.id = s.learner
  )
  select array_agg(i.id) into made from i;
  update institution set balance = balance - (select sum(a) from unnest(amounts) a) where id = to_institution;
  return made;
end $$;
"""
_FILL = "insert into {table} (id) select generate_series(1, $1::int)"
_SCRIPT = """\\set learner random(1, {learners})
\\set institution random(1, {institutions})
select post_one(:learner, :institution, 150)
"""
_BYTES = """
select sum(pg_total_relation_size(t)) / (select count(*) from entry)::float
from unnest(array['entry', 'line']::regclass[]) t
"""
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


class RawLedger:
    """Such a ledger in a database of its own."""

    def __init__(self, store: ServiceStore, folder: Path, *, learners: int, institutions: int) -> None:
        self._store = store
        self._script = folder / "single.sql"
        self._learners = learners
        self._institutions = institutions

    async def prepare(self) -> None:
        self._script.write_text(_SCRIPT.format(learners=self._learners, institutions=self._institutions))
        owner = await self._connect()
        await owner.execute(_TABLES)
        await owner.execute(_FILL.format(table="account"), self._learners)
        await owner.execute(_FILL.format(table="institution"), self._institutions)
        await owner.execute("analyze")
        await owner.close()

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            self._store.migrations_database
        )
        return connection

    async def batches(self, count: int, size: int, connections: int) -> float:
        """Entries a second, by calls of so many entries over so many connections."""
        left = [
            (random.sample(range(1, self._learners + 1), size), random.randint(1, self._institutions))
            for _ in range(count)
        ]
        amounts = [150] * size
        writers = [await self._connect() for _ in range(connections)]

        async def write(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
            while left:
                learners, institution = left.pop()
                await connection.fetchval("select post_many($1, $2, $3)", learners, institution, amounts)

        began = time.perf_counter()
        await asyncio.gather(*(write(connection) for connection in writers))
        rate = count * size / (time.perf_counter() - began)
        for connection in writers:
            await connection.close()
        return rate

    def single(self, seconds: float, clients: int = 16) -> float:
        """Entries a second, one in a call and a transaction, as pgbench counts them."""
        whole = max(1, round(seconds))
        command = [str(binaries() / "pgbench"), "-n", "-M", "prepared", "-f", str(self._script)]
        command += ["-c", str(clients), "-j", "2", "-T", str(whole), self._store.migrations_database]
        told = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
        found = _TPS.search(told)
        if found is None:
            raise SystemExit(f"pgbench did not say how fast it was:\n{told}")
        return float(found.group(1))

    async def bytes_an_entry(self) -> float:
        owner = await self._connect()
        found = float(await owner.fetchval(_BYTES))
        await owner.close()
        return found
