"""Signing in by the page, the whole way to the session, against what the machine's cores hash at most.

The limit is argon2id by its reference implementation; beside it stands how much is reached of the rate of
OpenSSL's, which the service uses.
"""

import base64
import multiprocessing
import os
import re
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bench.load import Result, load, request
from bench.provider import PASSWORD, Provider
from bench.report import Report
from bench.serving import Server
from infra.dev.identities import sign_in
from tests.issuer import bearer

_ROUNDS = 3
_SHORTEST_S = 4.0
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
#: other requests while people sign in: four callers, each twenty-five times a second at most
_OTHERS, _PAUSE_S = 4, 0.04


def measure(report: Report, provider: Provider, seconds: float) -> None:
    """Service, stores and load share all cores here, as on a machine of one school."""
    seconds = max(seconds, _SHORTEST_S)
    rounds: list[tuple[float, float, Result, Result]] = []
    with provider.serving(set(range(os.cpu_count() or 1))) as mine:
        attempts = [_attempt(mine, username) for username in provider.usernames]
        others = _others(provider, mine)
        for _ in range(_ROUNDS):
            most, fastest = (_hashes_a_second(verify, seconds) for verify in (_reference, _openssl))
            signing_in, beside = _together(mine, attempts, others, seconds)
            rounds.append((signing_in.rate / most, signing_in.rate / fastest, signing_in, beside))
    ratio, of_fastest, signing_in, beside = sorted(rounds, key=lambda one: one[0])[_ROUNDS // 2]
    note = f"{signing_in.rate:.0f} sign-ins/s, p99 {signing_in.p99_ms:.0f} ms"
    report.add("sign-ins by the page / argon2id on all cores", ratio, "of rate", 0.85, note=note)
    report.add("the same / argon2id by OpenSSL", of_fastest, "of rate")
    slowest = sorted(one[3].p99_ms for one in rounds)[_ROUNDS // 2]
    note = f"p50 {beside.p50_ms:.1f} ms, {beside.rate:.0f} req/s"
    report.add("p99 of other requests meanwhile", slowest, "ms", 50, "at most", note=note)


def _together(
    mine: Server, attempts: list[bytes], others: list[bytes], seconds: float
) -> tuple[Result, Result]:
    begin = threading.Barrier(2)
    asking = partial(load, mine.address, seconds=seconds, core=None, together=begin)
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(asking, others, connections=_OTHERS, pause_s=_PAUSE_S)
        signing_in = asking(attempts, connections=16)
        return signing_in.require(303), beside.result().require(200)


def _attempt(mine: Server, username: str) -> bytes:
    """What a browser posts that has been shown the page."""
    token, cookie = shown_form(mine, "/sign-in")
    form = {"form_token": token, "request": "", "next": "", "username": username, "password": PASSWORD}
    headers = {"Cookie": cookie, "Origin": mine.address, "Content-Type": "application/x-www-form-urlencoded"}
    return request("POST", "/sign-in", headers=headers, body=urllib.parse.urlencode(form).encode())


def shown_form(mine: Server, path: str) -> tuple[str, str]:
    """The token in a page's form, and the cookie that came with it."""
    with urllib.request.urlopen(mine.address + path) as shown:  # noqa: S310  our own address
        text, cookie = shown.read().decode(), shown.headers["Set-Cookie"].partition(";")[0]
    token = _TOKEN.search(text)
    if token is None:
        raise SystemExit(f"{path} has no form: {text[:500]}")
    return token[1], cookie


def _others(provider: Provider, mine: Server) -> list[bytes]:
    """What the platform asks all the time: keys, the own account, whether a token is good, a token."""
    person = sign_in(mine.address, provider.usernames[0], PASSWORD).token
    client = provider.client
    secret = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {secret}"}
    return [
        request("GET", "/.well-known/jwks.json"),
        request("GET", "/v1/me", headers=bearer(person)),
        request("POST", "/oauth/introspect", headers=headers, body=f"token={person}".encode()),
        request("POST", "/oauth/token", headers=headers, body=b"grant_type=client_credentials"),
    ]


def _hashes_a_second(verify: Callable[[], object], seconds: float) -> float:
    """Verifications of such hashes by a process that does nothing else, a thread for each core."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_hash, args=(theirs, verify, seconds))
    child.start()
    theirs.close()  # so that the end of a child that fails is seen
    rate: float = ours.recv()
    child.join(10)
    return rate


def _hash(pipe: Any, verify: Callable[[], object], seconds: float) -> None:
    threads = os.cpu_count() or 1
    verify()
    began = time.perf_counter()

    def work(_thread: int) -> int:
        count = 0
        while time.perf_counter() - began < seconds:
            verify()
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    pipe.send(done / (time.perf_counter() - began))


def _reference() -> None:
    PasswordHasher().verify(_stored(), PASSWORD)


def _openssl() -> None:
    Argon2id.verify_phc_encoded(PASSWORD.encode(), _stored())


@cache
def _stored() -> str:
    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash(PASSWORD)
