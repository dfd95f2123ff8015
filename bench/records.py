"""The learning record store over HTTP, one worker, against limits of the same run (bench/raw_statements.py).

Sixteen connections, a basic credential, full validation, durable commits; each rate with 100,000 statements
stored, and what is read again with a million.
"""

import asyncio
import base64
import hashlib
import json
import math
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import asyncpg
import orjson

from bench.bank import BankStore, bank_store
from bench.load import Result, load, request
from bench.raw_statements import RawStatements
from bench.report import Report, run_alone
from bench.serving import Server, serving
from bench.statements import Statements
from infra.dev.calls import Api
from libs.common.ids import new_id
from tests.issuer import Issuer

STORED, MILLION = 100_000, 1_000_000
CONNECTIONS = 16
PATH = "/xapi/statements"
PARTS = ("posting", "reading", "million")
_ROUNDS = 3
_SIZES = {100: 0.3, 1_000: 0.265}
_PASSWORD = "bench"
_CREDENTIAL = """
with place as (
  insert into institution (id, version, status, type, name, ancestors)
  values ($1, 1, 'active', 'school', 'S', array[$1::uuid]))
insert into xapi_credential (id, organisation, name, username, digest, scopes)
values ($2, $1, 'Bench', 'bench', $3, '{all}')
"""
#: all that is there from a position on once more, stored some time before it
_ONCE_MORE = """
with mentioned as (
  insert into xapi_mention (key, position, depth)
  select key, position - $1, depth from xapi_mention where position >= $2)
insert into xapi_statement (
  organisation, position, happened_at, id, verb, authority, actor, object, registration, mentions, body)
select organisation, position - $1, happened_at, gen_random_uuid(), verb, authority, actor, object,
  registration, mentions, body
from xapi_statement where position >= $2
"""
#: in positions: more than a bench takes
_EARLIER = 1 << 47


@dataclass(frozen=True)
class Store:
    """The running record store, what is sent to it, and its stores' processes."""

    server: Server
    headers: dict[str, str]
    statements: Statements
    processes: tuple[int, ...]

    def post(self, body: bytes) -> bytes:
        return request("POST", PATH, headers=self.headers, body=body)

    def batches(self, count: int, size: int) -> list[bytes]:
        """Requests with so many new statements each."""
        return [self.post(b"[" + b",".join(self.statements.draw(size)) + b"]") for _ in range(count)]

    def run(self, requests: list[bytes], seconds: float, *, once: bool = False) -> Result:
        most = len(requests) if once else None
        return load(
            self.server.address,
            requests,
            connections=CONNECTIONS,
            seconds=seconds,
            most=most,
            server=self.server.pid,
            stores=self.processes,
        ).require(200)


def measure(report: Report, seconds: float, parts: tuple[str, ...] = PARTS) -> None:
    """Every row, on stores that are gone afterwards."""
    with bank_store() as where:
        raw = RawStatements(where.stores.new_database("raw"))
        asyncio.run(raw.prepare())
        with serving("bench.deposits:bank_alone", _settings(where)) as server:
            bare = {"BENCH_DATABASE": raw.address}
            with serving("bench.raw_statements:bare_store", bare, ready="/docs") as other:
                _measure(report, where, _store(where, server), raw, other, seconds, parts)


def _settings(where: BankStore) -> dict[str, str]:
    issuer = Issuer()
    return {
        "CREDITBANK_ENVIRONMENT": "development",
        "CREDITBANK_DATABASE": where.store.database,
        "CREDITBANK_REDIS": where.store.redis,
        "CREDITBANK_REDIS_PREFIX": "bench:records:",
        "CREDITBANK_ISSUER": issuer.address,
        "CREDITBANK_AUTH_ADDRESS": "http://127.0.0.1:1",
        "CREDITBANK_REQUESTS_PER_MINUTE": "0",
        "CREDITBANK_LOG_LEVEL": "ERROR",
        "BENCH_KEY_SET": json.dumps(issuer.key_set()),
    }


def _store(where: BankStore, server: Server) -> Store:
    digest = hashlib.sha256(_PASSWORD.encode()).digest()
    asyncio.run(_execute(where, _CREDENTIAL, new_id(), new_id(), digest))
    proof = base64.b64encode(f"bench:{_PASSWORD}".encode()).decode()
    headers = {
        "Authorization": f"Basic {proof}",
        "X-Experience-API-Version": "1.0.3",
        "Content-Type": "application/json",
    }
    postgresql = where.stores.postgresql
    return Store(server, headers, Statements(), (postgresql.pid,) if postgresql else ())


async def _execute(where: BankStore, query: str, *values: object, within_s: float = 60) -> None:
    owner = await asyncpg.connect(where.store.migrations_database)
    await owner.execute(query, *values, timeout=within_s)
    await owner.close()


def _measure(
    report: Report,
    where: BankStore,
    store: Store,
    raw: RawStatements,
    bare: Server,
    seconds: float,
    parts: tuple[str, ...],
) -> None:
    _prove(store)
    _fill(where, store, STORED - 1)
    asyncio.run(raw.rate(list(store.statements.draw(50_000)), 1_000))
    few = _reads(report, store, bare, seconds) if {"reading", "million"} & set(parts) else {}
    if "posting" in parts:
        _singles(report, store, bare, seconds)
        for size, goal in _SIZES.items():
            _batches(report, store, raw, size, goal, seconds)
    if "million" in parts:
        asyncio.run(_multiply(where))
        _reads(report, store, bare, seconds, before=few)


async def _multiply(where: BankStore) -> None:
    """Make a million of what there is, set by set, and let PostgreSQL know."""
    owner = await asyncpg.connect(where.store.migrations_database)
    there, first = await owner.fetchrow("select count(*), min(position) from xapi_statement") or (0, 0)
    for number in range(1, math.ceil(MILLION / there)):
        await owner.execute(_ONCE_MORE, number * _EARLIER, first, timeout=300)
    await owner.execute("vacuum analyze", timeout=300)
    await owner.close()


def _prove(store: Store) -> None:
    """Fast refusals are no statements: what the requests below bring can be read again."""
    [body] = store.statements.draw(1)
    api = Api(store.server.address, "")
    [identifier] = api.call("POST", PATH, body, store.headers).body
    found = api.call("GET", f"{PATH}?statementId={identifier}", None, store.headers).body
    if found["verb"] != orjson.loads(body)["verb"]:
        raise SystemExit(f"the bench's statement was not stored: {found}")


def _fill(where: BankStore, store: Store, count: int) -> None:
    """Store so many, and let PostgreSQL know what it has, as it does by itself a minute later."""
    done = 0
    while done < count:
        some = min(count - done, 50_000)
        size = min(some, 500)
        store.run(store.batches(some // size, size), 120, once=True)
        done += some // size * size
    asyncio.run(_execute(where, "vacuum analyze"))


def _singles(report: Report, store: Store, bare: Server, seconds: float) -> None:
    """One statement a request, beside a route that only parses and inserts it."""
    rounds: list[tuple[float, Result, Result]] = []
    headers = {"Content-Type": "application/json"}
    for _ in range(_ROUNDS):
        most = round(6_000 * seconds / 2)
        bodies = list(store.statements.draw(most))
        posts = [request("POST", "/statements", headers=headers, body=body) for body in bodies]
        limit = load(
            bare.address, posts, connections=CONNECTIONS, seconds=seconds / 2, most=most, server=bare.pid
        ).require(200)
        ours = load(
            store.server.address,
            [store.post(body) for body in bodies],
            connections=CONNECTIONS,
            seconds=seconds / 2,
            most=most,
            server=store.server.pid,
            stores=store.processes,
        ).require(200)
        rounds.append((ours.rate / limit.rate, ours, limit))
    ratio, ours, limit = sorted(rounds, key=lambda one: one[0])[_ROUNDS // 2]
    note = (
        f"{ours.rate:,.0f} / {limit.rate:,.0f} req/s, p99 {ours.p99_ms:.1f} ms;"
        f" µs CPU {ours.cpu_us:.0f} / {limit.cpu_us:.0f}, PostgreSQL {ours.store_cpu_us:.0f}"
    )
    report.add("POST of 1 statement / bare route", ratio, "of req/s", 0.6, note=note)


def _batches(
    report: Report, store: Store, raw: RawStatements, size: int, goal: float, seconds: float
) -> None:
    rounds: list[tuple[float, Result, float]] = []
    count = max(CONNECTIONS, round(8_000 * seconds / size))
    for _ in range(_ROUNDS):
        limit = asyncio.run(raw.rate(list(store.statements.draw(count * size)), size))
        ours = store.run(store.batches(count, size), 60, once=True)
        rounds.append((ours.rate * size / limit, ours, limit))
    ratio, ours, limit = sorted(rounds, key=lambda one: one[0])[_ROUNDS // 2]
    note = (
        f"{ours.rate * size:,.0f} / {limit:,.0f} statements/s, p99 {ours.p99_ms:.0f} ms;"
        f" µs CPU each {ours.cpu_us / size:.1f}, PostgreSQL {ours.store_cpu_us / size:.1f}"
    )
    report.add(f"POST of {size:,} / raw set-wise insert", ratio, "of rows/s", goal, note=note)


def _queries(store: Store) -> Iterator[tuple[str, Callable[[int], str]]]:
    """Filters, and the n-th value of each; learners who have done enough to fill a page."""
    drawn = store.statements
    yield "agent", lambda n: json.dumps(drawn.actor(n % 100))
    yield "verb", lambda n: drawn.verbs[n % len(drawn.verbs)]
    yield "activity", lambda n: drawn.videos[n % len(drawn.videos)]
    yield "registration", lambda n: drawn.registrations[n % len(drawn.registrations)]


def _reads(
    report: Report, store: Store, bare: Server, seconds: float, *, before: dict[str, float] | None = None
) -> dict[str, float]:
    """Pages, each beside a bare route that joins as many; how their rates compare, by filter.

    What a page takes of a million is compared by these: the machine may have become slower meanwhile.
    """
    found = {}
    joined = [request("GET", f"/statements?agent={one}") for one in store.statements.learners[:100]]
    for name, value in _queries(store):
        gets = [
            request(
                "GET",
                f"{PATH}?{urllib.parse.urlencode({name: value(n), 'limit': 100})}",
                headers=store.headers,
            )
            for n in range(500)
        ]
        store.run(gets, 0.3)
        rounds: list[tuple[float, Result, Result]] = []
        for _ in range(_ROUNDS):
            limit = load(bare.address, joined, connections=CONNECTIONS, seconds=seconds / 4).require(200)
            ours = store.run(gets, seconds / 4)
            rounds.append((ours.rate / limit.rate, ours, limit))
        found[name], ours, limit = sorted(rounds, key=lambda one: one[0])[_ROUNDS // 2]
        note = (
            f"bare route {limit.rate:,.0f}; p99 {ours.p99_ms:.1f} ms;"
            f" µs CPU {ours.cpu_us:.0f}, PostgreSQL {ours.store_cpu_us:.0f}"
        )
        if before is None:
            report.add(f"GET of 100 by {name}", ours.rate, "req/s", 1_500, note=note)
        else:
            note = f"{ours.rate:,.0f} req/s, {note}"
            times = before[name] / found[name]
            report.add(f"the same by {name} at a million", times, "x the time", 1.5, "at most", note=note)
    return found


if __name__ == "__main__":
    run_alone("bench.records", __doc__, PARTS, measure)
