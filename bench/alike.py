"""Whether time tells which user names exist: two hundred pairs of a known and an unknown one, their medians.

Every request comes from an address of its own, as those of different people do, so that no limit of a network
is reached. Which of a pair comes first changes from pair to pair.
"""

import http.client
import itertools
import statistics
import time
import urllib.parse
from collections.abc import Iterator
from uuid import uuid4

from bench.provider import Provider
from bench.report import Report
from bench.serving import Server
from bench.sign_ins import shown_form

_PAIRS = 200
_WRONG = "four quiet red umbrellas"
#: attack 44 of the design: nobody is to learn from the time whether an account exists
_MOST = 1.05


def measure(report: Report, provider: Provider, mine: Server) -> None:
    """Signing in with a wrong password, and asking for a link to recover an account."""
    sources = _addresses()
    known = itertools.cycle(provider.usernames)
    for name, path, more, status in (
        ("refused sign-in", "/sign-in", {"request": "", "next": "", "password": _WRONG}, 422),
        ("recovery", "/recover", {}, 303),
    ):
        token, cookie = shown_form(mine, path)
        headers = {
            "Cookie": cookie,
            "Origin": mine.address,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        times: dict[bool, list[float]] = {True: [], False: []}
        for pair in range(_PAIRS):
            for exists in (pair % 2 == 0, pair % 2 == 1):
                username = next(known) if exists else f"signer-{uuid4().hex[:8]}"
                form = urllib.parse.urlencode({"form_token": token, "username": username, **more})
                times[exists].append(_took(mine, next(sources), path, form, headers, status))
        medians = [statistics.median(times[exists]) for exists in (True, False)]
        note = f"{medians[0] * 1000:.2f} and {medians[1] * 1000:.2f} ms, {_PAIRS} pairs"
        ratio = max(medians) / min(medians)
        report.add(f"{name}, known and unknown names", ratio, "x", _MOST, "at most", note=note)


def _took(mine: Server, source: str, path: str, form: str, headers: dict[str, str], status: int) -> float:
    host, _, port = mine.address.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), source_address=(source, 0), timeout=30)
    try:
        connection.connect()
        began = time.perf_counter()
        connection.request("POST", path, form, headers)
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - began
    finally:
        connection.close()
    if answer.status != status:
        raise SystemExit(f"{path} answered {answer.status}")
    return took


def _addresses() -> Iterator[str]:
    """Addresses of this machine alone: all of 127.0.0.0/8 is loopback."""
    return (f"127.{second}.{third}.1" for second in range(1, 255) for third in range(1, 255))
