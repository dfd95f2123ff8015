"""What verifiers fetch of the identity provider, against a bare FastAPI route that sends as many bytes."""

import asyncio
import os
import secrets
from pathlib import Path
from urllib.request import urlopen

from fastapi import FastAPI
from fastapi.responses import Response

from bench.load import load, request
from bench.report import Report
from bench.serving import Server, serving
from infra.dev.stores import Stores
from libs.common.migrations import upgrade
from services.auth.app import build
from services.auth.settings import AuthSettings

ROOT = Path(__file__).resolve().parents[1]
_PATHS = {"key set": "/.well-known/jwks.json", "discovery": "/.well-known/openid-configuration"}


def provider() -> FastAPI:
    """The whole service, as `serve` makes it."""
    return build(AuthSettings())


def bare() -> FastAPI:
    """The limit: FastAPI sending as many bytes, and nothing of ours."""
    app = FastAPI()
    body = b"{" + b" " * (int(os.environ["BENCH_BYTES"]) - 2) + b"}"

    @app.get("/same")
    async def same() -> Response:
        return Response(body, media_type="application/json")

    return app


def measure(report: Report, stores: Stores, seconds: float) -> None:
    """Rows of issue 3's bench that need no people."""
    store = stores.new_database("provider")
    folder = ROOT / "services" / "auth" / "migrations"
    asyncio.run(upgrade(folder, store.migrations_database, service_role=store.service_role))
    environment = {
        "AUTH_ENVIRONMENT": "development",
        "AUTH_DATABASE": store.database,
        "AUTH_REDIS": store.redis,
        "AUTH_REDIS_PREFIX": f"bench:{secrets.token_hex(4)}:",
        "AUTH_ISSUER": "http://127.0.0.1:8001",
        "AUTH_REQUESTS_PER_MINUTE": "0",
    }
    with serving("bench.openid:provider", environment, ready="/health/ready") as mine:
        for name, path in _PATHS.items():
            with urlopen(mine.address + path) as answer:  # noqa: S310  our own address
                size = len(answer.read())
            with serving("bench.openid:bare", {"BENCH_BYTES": str(size)}, ready="/docs") as limit:
                ratio = _ratio(limit, mine, path, seconds)
            report.add(f"{name} / FastAPI route of as many bytes", ratio, "of req/s", 0.7)


def _ratio(limit: Server, mine: Server, path: str, seconds: float) -> float:
    rounds = []
    for _ in range(3):
        bare_run = load(limit.address, [request("GET", "/same")], seconds=seconds, server=limit.pid)
        our_run = load(mine.address, [request("GET", path)], seconds=seconds, server=mine.pid)
        rounds.append(our_run.require(200).rate / bare_run.require(200).rate)
    return sorted(rounds)[1]
