"""The floor: what our layers cost on a trivial route, and in the process per request."""

import json
import time
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import Response

from bench.load import load, request
from bench.report import Report
from bench.serving import Server, serving
from infra.dev.stores import Stores
from libs.common.http import Service, create_app
from libs.common.identity import Caller, require
from libs.common.limits import RequestLimit
from libs.common.revocations import Revocation, RevokedTokens
from libs.common.settings import ServiceSettings
from libs.common.tokens import KeyTable, TokenVerifier
from tests.issuer import Issuer, bearer

AUDIENCE = "urn:bench:floor"
_BODY = b'{"value":"unchanged"}'

router = APIRouter()


@router.get("/trivial")
async def trivial(_caller: Annotated[Caller, Depends(require("bench"))]) -> Response:
    """What every authenticated request pays: token, rate limit, request id, log line."""
    return Response(_BODY, media_type="application/json")


def bare() -> FastAPI:
    """The limit: FastAPI returning bytes, and nothing of ours."""
    app = FastAPI()

    @app.get("/trivial")
    async def trivial() -> Response:
        return Response(_BODY, media_type="application/json")

    return app


class _Settings(ServiceSettings):
    key_set: str = ""


def ours() -> FastAPI:
    """The same route in an application composed like our services."""
    settings = _Settings(_env_prefix="BENCH_")
    key_set = json.loads(settings.key_set)

    async def keys() -> KeyTable:
        return KeyTable.from_jwks(key_set)

    return create_app(
        Service(
            name="bench",
            title="Bench",
            description="",
            audience=AUDIENCE,
            settings=settings,
            routers=[router],
            keys=lambda _app: keys,
        )
    )


def measure(report: Report, stores: Stores, seconds: float) -> None:
    """Rows 1 and 9 of the goals."""
    store = stores.new_database("floor")
    issuer = Issuer()
    token = issuer.person(uuid4(), AUDIENCE, "bench")
    settings = {
        "BENCH_DATABASE": store.database,
        "BENCH_REDIS": store.redis,
        "BENCH_ENVIRONMENT": "development",
        "BENCH_REQUESTS_PER_MINUTE": "1000000000",
        "BENCH_KEY_SET": json.dumps(issuer.key_set()),
        "BENCH_ISSUER": issuer.address,
    }
    plain = request("GET", "/trivial")
    authenticated = request("GET", "/trivial", headers=bearer(token))
    with (
        serving("bench.floor:bare", {}, ready="/docs") as limit,
        serving("bench.floor:ours", settings) as mine,
    ):
        limit_us, mine_us, ratios = _interleaved(limit, mine, plain, authenticated, seconds)
    report.add("authenticated trivial route / FastAPI bytes", ratios, "of req/s", 0.65, "at least")
    report.add("our layers on a trivial route", mine_us - limit_us, "µs CPU", 35, "at most")
    token_hit(report)
    report.add("rate-limit check", _limit_check(), "µs", 12, "at most")


def _interleaved(
    limit: Server, mine: Server, plain: bytes, authenticated: bytes, seconds: float
) -> tuple[float, float, float]:
    rounds = []
    for _ in range(3):
        bare_run = load(limit.address, [plain], seconds=seconds, server=limit.pid).require(200)
        our_run = load(mine.address, [authenticated], seconds=seconds, server=mine.pid).require(200)
        rounds.append((bare_run.cpu_us, our_run.cpu_us, our_run.rate / bare_run.rate))
    return sorted(rounds, key=lambda one: one[2])[1]


def token_hit(report: Report) -> None:
    """What a verified token costs at its next use, while ten thousand others of each kind are revoked."""
    issuer = Issuer()
    token = issuer.person(uuid4(), AUDIENCE, "bench")
    revoked = RevokedTokens()
    for kind in ("token", "family", "session", "client", "person"):
        revoked.add(Revocation(kind, str(uuid4()), None, 2**40) for _ in range(10_000))
    verifier = TokenVerifier(
        issuer=issuer.address,
        audience=AUDIENCE,
        keys=KeyTable.from_jwks(issuer.key_set()),
        is_dead=revoked.covers,
    )
    cost = _microseconds(lambda: verifier.verify(token, time.time()))
    report.add("verified-token hit, revocations obeyed", cost, "µs", 10, "at most")


def _limit_check() -> float:
    limit = RequestLimit(None, prefix="", per_minute=10**9)
    return _microseconds(lambda: limit.retry_after("a caller"))


def _microseconds(work: object) -> float:
    assert callable(work)
    for _ in range(1_000):
        work()
    started = time.process_time()
    for _ in range(50_000):
        work()
    return (time.process_time() - started) / 50_000 * 1e6
