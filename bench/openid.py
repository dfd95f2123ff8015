"""The identity provider against bare FastAPI routes: tokens, introspection, and what verifiers fetch."""

import base64
import json
import os
import urllib.parse
from urllib.request import urlopen

from fastapi import FastAPI
from fastapi.responses import Response

from bench import alike, hashes, sign_ins
from bench.load import Result, load, request
from bench.provider import PASSWORD, Provider, keep_stores_off, provide
from bench.report import Report
from bench.serving import Server, serving
from bench.signing import sign
from bench.stores import STATE
from infra.dev.calls import Api
from infra.dev.identities import client_token, sign_in
from infra.dev.stores import Stores

_PATHS = {"key set": "/.well-known/jwks.json", "discovery": "/.well-known/openid-configuration"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_ROUNDS = 3


def bare() -> FastAPI:
    """The limits: FastAPI signing, sending as many bytes, or saying that nothing has changed."""
    app = FastAPI()
    body = b"{" + b" " * (int(os.environ["BENCH_BYTES"]) - 2) + b"}"

    @app.get("/same")
    async def same() -> Response:
        return Response(body, media_type="application/json")

    @app.get("/unchanged")
    async def unchanged() -> Response:
        return Response(status_code=304)

    app.add_api_route("/signed", sign, methods=["POST"])
    return app


def measure(report: Report, stores: Stores, *, people: int, seconds: float) -> None:
    """Everything that the identity provider must do fast, and what limits it in the same run."""
    provider = provide(stores, STATE)
    with provider.serving({0}) as mine:
        keep_stores_off(stores, {0})
        _tokens(report, provider, mine, seconds)
        _public(report, mine, seconds)
        alike.measure(report, provider, mine)
    sign_ins.measure(report, provider, seconds)
    hashes.measure(report, provider, people)


def _tokens(report: Report, provider: Provider, mine: Server, seconds: float) -> None:
    client = provider.client
    form = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    }
    person = sign_in(mine.address, provider.usernames[0], PASSWORD).token
    secret = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    asked = {
        "token by client_credentials": _post("/oauth/token", form),
        "introspection, a client's token": _post(
            "/oauth/introspect", {"token": client_token(mine.address, client)}, secret
        ),
        "introspection, a person's token": _post("/oauth/introspect", {"token": person}, secret),
    }
    _must_be_active(mine, secret, person)
    with serving("bench.openid:bare", {"BENCH_BYTES": "2"}, ready="/docs") as limit:
        for name, ours in asked.items():
            goal = 0.45 if name.startswith("token") else 0.35
            _compare(
                report, f"{name} / signing", limit, request("POST", "/signed"), mine, ours, seconds, goal
            )


def _must_be_active(mine: Server, secret: str, token: str) -> None:
    answer = Api(mine.address).call(
        "POST",
        "/oauth/introspect",
        urllib.parse.urlencode({"token": token}).encode(),
        {**_FORM, "Authorization": f"Basic {secret}"},
    )
    if not answer.body["active"]:
        raise SystemExit(f"the bench's token is not alive: {json.dumps(answer.body)}")


def _post(path: str, form: dict[str, str], secret: str = "") -> bytes:
    headers = {**_FORM, **({"Authorization": f"Basic {secret}"} if secret else {})}
    return request("POST", path, headers=headers, body=urllib.parse.urlencode(form).encode())


def _public(report: Report, mine: Server, seconds: float) -> None:
    for name, path in _PATHS.items():
        with urlopen(mine.address + path) as answer:  # noqa: S310  our own address
            size, etag, kept = len(answer.read()), answer.headers["ETag"], answer.headers["Cache-Control"]
        if not etag or "max-age" not in (kept or ""):
            raise SystemExit(f"{path} cannot be kept: {etag} {kept}")
        whole, again = request("GET", path), request("GET", path, headers={"If-None-Match": etag})
        with serving("bench.openid:bare", {"BENCH_BYTES": str(size)}, ready="/docs") as limit:
            same, unchanged = request("GET", "/same"), request("GET", "/unchanged")
            _compare(report, f"{name} / as many bytes", limit, same, mine, whole, seconds, 0.7)
            _compare(report, f"{name}, 304 / bare 304", limit, unchanged, mine, again, seconds, 0.7, 304)


def _compare(
    report: Report,
    name: str,
    limit: Server,
    bare_request: bytes,
    mine: Server,
    our_request: bytes,
    seconds: float,
    goal: float,
    status: int = 200,
) -> None:
    """Both in turn, three times; the middle ratio of requests a second."""
    rounds: list[tuple[float, Result, Result]] = []
    for _ in range(_ROUNDS):
        theirs = load(limit.address, [bare_request], seconds=seconds, server=limit.pid).require(200, status)
        ours = load(mine.address, [our_request], seconds=seconds, server=mine.pid).require(status)
        rounds.append((ours.rate / theirs.rate, theirs, ours))
    ratio, theirs, ours = sorted(rounds, key=lambda one: one[0])[_ROUNDS // 2]
    note = f"{ours.rate:,.0f} req/s, p99 {ours.p99_ms:.1f} ms; µs CPU {theirs.cpu_us:.0f} / {ours.cpu_us:.0f}"
    report.add(name, ratio, "of req/s", goal, note=note)
