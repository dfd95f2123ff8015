"""The main job on the running product: a large roster, then tokens, posts, feeds, credits, portfolios."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg

from bench.load import Result, load, request
from bench.product import ROOT, STATE, Product
from bench.report import Report
from bench.serving import serving
from infra.dev.calls import Api
from infra.dev.identities import Identities, SignedIn, client_token, sign_in
from infra.dev.story import wait_until_known
from tests.issuer import bearer

_STUDENTS = 16
_UNSEEN = """
select count(*) from pg_stat_user_tables
where relname in ('membership', 'post', 'school_class', 'person', 'person_role') and last_autoanalyze is null
"""
_COURSE = """
select outcome.id from outcome join institution on institution.id = outcome.organisation
where $1 = any (institution.ancestors) limit 1
"""


@dataclass(frozen=True)
class Cast:
    """Some students and a teacher signed in, a class space of theirs, an institution's client."""

    students: list[SignedIn]
    teacher: SignedIn
    space: str
    client: dict[str, Any]
    enrolled: list[dict[str, Any]]


def measure(report: Report, product: Product, *, people: int, seconds: float) -> None:
    """Everything section 5 of the main job asks for, in the order it is used."""
    administrator = next(one for one in product.run["accounts"] if "administrator" in one["roles"])
    signed_in = sign_in(product.address("auth"), administrator["username"], administrator["password"])
    asked = Identities(Api(product.address("auth"), signed_in.token))
    region = _import(report, product, asked, people)
    cast = _gather(asked, product, region)
    product.pin()
    environment = {"BENCH_DATABASE": product.environment("spaces")["SPACES_DATABASE"]}
    with serving("bench.limits:bare", environment) as limit:
        _tokens(report, product, limit.address, limit.pid, cast, seconds)
        _credits(report, product, cast)
        _posts(report, product, cast, seconds)
        wait_until_known(product.address("spaces"), "creditbank")
        asyncio.run(_wait_for_statistics(environment["BENCH_DATABASE"]))
        _portfolio(report, product, limit.address, limit.pid, cast, seconds)


async def _wait_for_statistics(database: str) -> None:
    """Until autovacuum has seen the rows: what goes through objects has no plan of its own without it."""
    connection = await asyncpg.connect(database)
    try:
        async with asyncio.timeout(120):
            while await connection.fetchval(_UNSEEN):  # noqa: ASYNC110  another process sees to it
                await asyncio.sleep(1)
    finally:
        await connection.close()


def _import(report: Report, product: Product, asked: Identities, people: int) -> str:
    """A tenth of the people first, then all; until everyone has a space and an account; the same again."""
    _, tenth_s, _ = _load(asked, "Bench, a tenth", people // 10)
    for service in ("spaces", "creditbank"):
        wait_until_known(product.address(service), "auth")
    region, took, archive = _load(asked, "Bench", people)
    recorded = datetime.now(UTC)
    report.add(f"import of {people:,} people by HTTP", people / took, "people/s")
    evenness = (took / people) / (tenth_s / (people // 10))
    report.add(f"time a person at {people:,} / at {people // 10:,}", evenness, "x", 1.2, "at most")
    for service in ("spaces", "creditbank"):
        wait_until_known(product.address(service), "auth")
    everyone = (datetime.now(UTC) - recorded).total_seconds()
    report.add("after it, until all have a space and an account", everyone, "s")
    report.add("import to space and account, all in", people / (took + everyone), "people/s")
    began = time.perf_counter()
    again = asked.import_roster(region, archive, "roster")
    report.add(f"the same again ({again['state']})", people / (time.perf_counter() - began), "people/s")
    return region


def _load(asked: Identities, name: str, people: int) -> tuple[str, float, bytes]:
    """The region a generated roster was imported into, the seconds it took, and the roster."""
    path = STATE / "roster.zip"
    command = [sys.executable, "-m", "bench.roster_generator", str(path), "--people", str(people)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    archive = path.read_bytes()
    region = str(asked.ensure_organisation(asked.root(), "region", name)["id"])
    began = time.perf_counter()
    job = asked.import_roster(region, archive, "roster")
    if job["state"] != "applied":
        raise SystemExit(f"the roster was {job['state']}: {job['findings']}")
    return region, time.perf_counter() - began, archive


def _gather(asked: Identities, product: Product, region: str) -> Cast:
    students = _some_students(asked, region)
    teacher, space = None, None
    signed: list[SignedIn] = []
    for person in students[:_STUDENTS]:
        account = asked.activate(person)
        signed.append(sign_in(product.address("auth"), account["username"], account["password"]))
    cards = Api(product.address("spaces"), signed[0].token).get("/v1/portfolio")["classes"]
    for person_id in (one["id"] for card in cards for one in card["teachers"]):
        account = asked.activate({"id": person_id})
        teacher = sign_in(product.address("auth"), account["username"], account["password"])
        break
    assert teacher is not None, "the generated classes have teachers"
    space = next(
        card["id"] for card in cards if any(t["id"] == teacher.person["id"] for t in card["teachers"])
    )
    client = asked.register_client("bench", region, ["credits.post"])
    return Cast(signed, teacher, space, client, students)


def _some_students(asked: Identities, organisation: str) -> list[dict[str, Any]]:
    """The first students of the first school below an organisation."""
    found = asked.people(organisation, "student")
    for child in [] if found else asked.children(organisation):
        found = found or _some_students(asked, child["id"])
    return found


def _tokens(report: Report, product: Product, limit: str, limit_pid: int, cast: Cast, seconds: float) -> None:
    form = urllib.parse.urlencode(
        {
            "grant_type": "client_credentials",
            "client_id": cast.client["client_id"],
            "client_secret": cast.client["client_secret"],
            "scope": "credits.post",
        }
    ).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    ours = request("POST", "/oauth/token", headers=headers, body=form)
    bare = load(limit, [request("POST", "/signed")], seconds=seconds, server=limit_pid).require(200)
    mine = load(product.address("auth"), [ours], seconds=seconds, server=product.pid("auth")).require(200)
    _add(report, "token by client_credentials", mine)
    report.add("token / bare route that signs the same", mine.rate / bare.rate, "of req/s", 0.45)


def _posts(report: Report, product: Product, cast: Cast, seconds: float) -> None:
    body = json.dumps(
        {"kind": "announcement", "title": "下周春游 Spring outing", "text": "请穿运动鞋。" * 20, "links": []}
    ).encode()
    requests = [
        request(
            "POST",
            f"/v1/spaces/{cast.space}/posts",
            headers={
                **bearer(cast.teacher.token),
                "Content-Type": "application/json",
                "Idempotency-Key": str(uuid4()),
            },
            body=body,
        )
        for _ in range(20_000)
    ]
    spaces, server, stores = product.address("spaces"), product.pid("spaces"), product.stores()
    posting = load(spaces, requests, seconds=seconds, most=20_000, server=server, stores=stores).require(201)
    _add(report, "posting a class announcement", posting)
    feed = [request("GET", "/v1/feed?limit=20", headers=bearer(one.token)) for one in cast.students]
    reading = load(spaces, feed, seconds=seconds, server=server, stores=stores).require(200)
    _add(report, "reading the feed, 20 posts", reading)


def _credits(report: Report, product: Product, cast: Cast) -> None:
    token = client_token(product.address("auth"), cast.client)
    course = _course(product, cast.client["organisation"])
    learners = [one["id"] for one in cast.enrolled]
    bodies = []
    for batch in range(12):
        items = [
            {
                "key": f"bench-{batch}-{number}",
                "learner": {"id": learners[number % len(learners)]},
                "course": {"id": course},
                "attempt": f"bench-{batch}-{number}",
                "credits": "1.50",
                "earned_on": "2026-07-01",
            }
            for number in range(1000)
        ]
        bodies.append(json.dumps({"items": items}).encode())
    headers = {**bearer(token), "Content-Type": "application/json"}
    api = Api(product.address("creditbank"), token)
    outcome = api.call("POST", "/v1/deposits", bodies[0], {"Content-Type": "application/json"}).body
    if outcome["posted"] != 1000:
        raise SystemExit(f"the bench's credits were not posted: {json.dumps(outcome)[:500]}")
    requests = [request("POST", "/v1/deposits", headers=headers, body=body) for body in bodies[1:]]
    done = load(
        product.address("creditbank"),
        requests,
        connections=2,
        seconds=60,
        most=len(requests),
        server=product.pid("creditbank"),
        stores=product.stores(),
    ).require(200)
    report.add("posting credits, batches of 1,000 by HTTP", done.rate * 1000, "postings/s")
    report.add("Python a posting", done.cpu_us / 1000, "µs CPU", note="wanted at the next stage: 12")


def _course(product: Product, region: str) -> str:
    """A course of a school of the region, as the bank knows it."""
    environment = product.environment("creditbank")

    async def ask() -> str:
        connection = await asyncpg.connect(environment["CREDITBANK_DATABASE"])
        try:
            return str(await connection.fetchval(_COURSE, region))
        finally:
            await connection.close()

    return asyncio.run(ask())


def _portfolio(
    report: Report, product: Product, limit: str, limit_pid: int, cast: Cast, seconds: float
) -> None:
    people = [one.person["id"] for one in cast.students]
    mine = [request("GET", "/v1/portfolio", headers=bearer(one.token)) for one in cast.students]
    bare = [request("GET", f"/portfolio/{one}") for one in people]
    objects = [request("GET", f"/portfolio-through-objects/{one}") for one in people]
    spaces = product.address("spaces")
    stores = product.stores()
    rounds: list[tuple[Result, Result]] = []
    for _ in range(3):
        limit_run = load(limit, bare, seconds=seconds, server=limit_pid, stores=stores).require(200)
        our_run = load(spaces, mine, seconds=seconds, server=product.pid("spaces"), stores=stores).require(
            200
        )
        rounds.append((limit_run, our_run))
    limit_run, our_run = sorted(rounds, key=lambda one: one[1].rate / one[0].rate)[1]
    orm = load(limit, objects, seconds=seconds, server=limit_pid).require(200)
    calm = load(spaces, mine, connections=1, seconds=seconds).require(200)
    _add(report, "reading the portfolio", our_run)
    report.add(
        "portfolio / the same statement on bare asyncpg", our_run.rate / limit_run.rate, "of req/s", 0.70
    )
    report.add("portfolio / the same through SQLModel objects", our_run.rate / orm.rate, "x", 5)
    report.add("portfolio p99 at 32 connections", our_run.p99_ms, "ms", 50, "at most")
    report.add("portfolio p50, one connection", calm.p50_ms, "ms", 1.0, "at most")
    report.add(
        "portfolio, service and PostgreSQL", our_run.cpu_us + our_run.store_cpu_us, "µs CPU", 450, "at most"
    )


def _add(report: Report, name: str, result: Result) -> None:
    note = f"p50 {result.p50_ms:.1f} ms, p99 {result.p99_ms:.1f} ms, {result.cpu_us:.0f} µs CPU"
    report.add(name, result.rate, "req/s", note=note)
