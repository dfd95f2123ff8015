"""The credit bank over HTTP, one worker: batches and single items against the raw ledger and objects."""

import asyncio
import json
import os
from datetime import date
from statistics import median
from uuid import UUID

import asyncpg
from fastapi import FastAPI

from bench.bank import BATCH, WRITERS, Bank, BankStore
from bench.load import Result, load, request
from bench.raw_ledger import RawLedger
from bench.report import Report
from bench.serving import Server, serving
from infra.dev.calls import Api
from libs.common.identity import KeySource
from libs.common.tokens import KeyTable
from services.creditbank.app import build
from services.creditbank.deposits.rules import Item
from services.creditbank.settings import AUDIENCE, CreditbankSettings
from tests.issuer import Issuer, bearer

_ROUNDS = 3
_FEW, _MANY = 5, 50_000
_JSON = {"Content-Type": "application/json"}


def bank_alone() -> FastAPI:
    """The service with all that runs in it, but for revocations and news, which only auth has."""
    key_set = json.loads(os.environ["BENCH_KEY_SET"])

    async def keys() -> KeyTable:
        return KeyTable.from_jwks(key_set)

    def source(_app: FastAPI) -> KeySource:
        return keys

    return build(CreditbankSettings(issuer_audience=None), keys=source)


async def measure(report: Report, where: BankStore, bank: Bank, raw: RawLedger, seconds: float) -> None:
    """The rows over HTTP."""
    for reader, count in zip(bank.readers, (_FEW, _MANY), strict=True):
        items = [item._replace(learner_id=reader) for item in bank.items(count)]
        await bank.post([bank.call(items[n : n + BATCH]) for n in range(0, count, BATCH)], 1)
    await asyncio.to_thread(_over_http, report, where, bank, raw, seconds)


def _over_http(report: Report, where: BankStore, bank: Bank, raw: RawLedger, seconds: float) -> None:
    issuer = Issuer()
    settings = {
        "CREDITBANK_ENVIRONMENT": "development",
        "CREDITBANK_DATABASE": where.store.database,
        "CREDITBANK_REDIS": where.store.redis,
        "CREDITBANK_REDIS_PREFIX": "bench:bank:",
        "CREDITBANK_ISSUER": issuer.address,
        "CREDITBANK_AUTH_ADDRESS": "http://127.0.0.1:1",
        "CREDITBANK_REQUESTS_PER_MINUTE": "0",
        "CREDITBANK_LOG_LEVEL": "ERROR",
        "BENCH_KEY_SET": json.dumps(issuer.key_set()),
    }
    objects = {
        "BENCH_DATABASE": where.store.migrations_database,
        "BENCH_SECRET": bank.settings.key_encryption_key.get_secret_value(),
    }
    token = issuer.client(bank.region, AUDIENCE, "credits.post credits.read")
    with serving("bench.deposits:bank_alone", settings) as mine:
        _prove(mine, bank, token)
        asyncio.run(_until_told(where))
        _batches(report, mine, bank, raw, token, round(seconds * 6))
        _singles(report, mine, bank, raw, token, seconds)
        _balances(report, mine, bank, issuer, seconds)
        with serving("bench.orm_posting:posting_through_objects", objects, ready="/docs") as other:
            _through_objects(report, mine, other, bank, token, seconds)


async def _until_told(where: BankStore) -> None:
    """What was posted in earlier rows is told by the server too: that is no cost of the rows below."""
    connection = await asyncpg.connect(where.store.migrations_database)
    while await connection.fetchval("select exists (select from outbox where sequence is null)"):  # noqa: ASYNC110  the server tells
        await asyncio.sleep(0.1)
    await connection.close()


def _body(items: list[Item], institution: UUID) -> bytes:
    return json.dumps(
        {
            "institution": str(institution),
            "items": [
                {
                    "key": item.key,
                    "learner": {"id": str(item.learner_id)},
                    "course": {"id": str(item.course_id)},
                    "attempt": item.attempt,
                    "credits": f"{item.amount / 100:.2f}",
                    "grade": item.grade,
                    "earned_on": date.isoformat(item.earned_on),
                }
                for item in items
            ],
        }
    ).encode()


def _requests(bank: Bank, token: str, count: int, size: int) -> list[bytes]:
    """Posts of fresh items, each for another school."""
    return [
        request(
            "POST",
            "/v1/deposits",
            headers={**bearer(token), **_JSON},
            body=_body(bank.items(size), bank.schools[n % len(bank.schools)]),
        )
        for n in range(count)
    ]


def _prove(mine: Server, bank: Bank, token: str) -> None:
    """Fast refusals are no postings: what the requests below ask for is posted."""
    body = _body(bank.items(BATCH), bank.schools[0])
    answer = Api(mine.address, token).call("POST", "/v1/deposits", body, _JSON).body
    if answer["posted"] != BATCH:
        raise SystemExit(f"the bench's credits were not posted: {json.dumps(answer)[:500]}")


def _batches(report: Report, mine: Server, bank: Bank, raw: RawLedger, token: str, count: int) -> None:
    rounds: list[tuple[float, Result]] = []
    for _ in range(_ROUNDS):
        limit = asyncio.run(raw.batches(2 * count, BATCH, WRITERS))
        posts = _requests(bank, token, count, BATCH)
        run = load(mine.address, posts, connections=4, seconds=60, most=count, server=mine.pid).require(200)
        rounds.append((run.rate * BATCH / limit, run))
    ratio, run = sorted(rounds, key=lambda one: one[0])[_ROUNDS // 2]
    note = f"{run.rate * BATCH:,.0f} entries/s, {run.cpu_us / BATCH:.1f} µs CPU of Python each"
    report.add("HTTP, batches of 1,000 / raw set-wise SQL", ratio, "of entries/s", 0.35, note=note)


def _singles(report: Report, mine: Server, bank: Bank, raw: RawLedger, token: str, seconds: float) -> None:
    rounds: list[tuple[float, Result]] = []
    for _ in range(_ROUNDS):
        limit = raw.single(seconds / 2)
        rounds.append((limit, _single(mine, bank, token, 64, seconds / 2)))
    ratio = median(run.rate / limit for limit, run in rounds)
    _, run = sorted(rounds, key=lambda one: one[1].rate / one[0])[_ROUNDS // 2]
    note = f"{run.rate:,.0f} req/s, {run.cpu_us:.0f} µs CPU"
    report.add("HTTP, single at 64 clients / pgbench single", ratio, "of entries/s", 0.2, note=note)
    report.add("HTTP, single at 64 clients, p99", run.p99_ms, "ms", 60, "at most")


def _single(
    server: Server, bank: Bank, token: str, clients: int, seconds: float, most: int = 9_000
) -> Result:
    posts = _requests(bank, token, round(most * seconds), 1)
    return load(
        server.address, posts, connections=clients, seconds=seconds, most=len(posts), server=server.pid
    ).require(200)


def _through_objects(
    report: Report, mine: Server, other: Server, bank: Bank, token: str, seconds: float
) -> None:
    ratios, notes = [], []
    for _ in range(_ROUNDS):
        ours = _single(mine, bank, token, 128, seconds / 2)
        theirs = _single(other, bank, token, 128, seconds / 2, most=2_000)
        ratios.append(ours.rate / theirs.rate)
        notes.append(f"{ours.rate:,.0f} / {theirs.rate:,.0f} req/s")
    report.add("HTTP, single at 128 clients / through objects", median(ratios), "x", 10, note=notes[-1])


def _balances(report: Report, mine: Server, bank: Bank, issuer: Issuer, seconds: float) -> None:
    """A balance however long the book is, each by a connection alone."""
    reads = [
        request("GET", "/v1/accounts/me", headers=bearer(issuer.person(reader, AUDIENCE, "credits.read")))
        for reader in bank.readers
    ]
    ratios, last = [], 0.0
    for _ in range(_ROUNDS):
        few, many = (
            load(mine.address, [read], connections=1, seconds=seconds / 4, server=mine.pid).require(200)
            for read in reads
        )
        ratios.append(many.p50_ms / few.p50_ms)
        last = many.p50_ms
    name = f"balance with {2 * _MANY:,} postings / with {2 * _FEW}"
    report.add(name, median(ratios), "of p50", 1.2, "at most", note=f"{last:.2f} ms")
