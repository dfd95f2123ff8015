"""Guessing at the sign-in page: attacks 44 to 48, 58, 70 and 77, and devices that are known."""

import asyncio
import re
import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from redis.exceptions import ConnectionError as RedisAway

from services.auth.throttling.rules import FREE_FAILURES, MOST_FAILURES, WAIT_BEYOND_S
from tests.integration.auth.places import PASSWORD, Place, Somebody, new_network
from tests.integration.auth.signing_in.guests import WRONG, Guest, place_of

Guests = Callable[..., Guest]
_VARIES = re.compile(r'value="[0-9a-f]{64}"')


async def failures(browser: Guest, username: str, count: int) -> list[int]:
    """So many wrong passwords, one after the other."""
    page = await browser.get("/sign-in")
    answers = [await browser.send(page, "/sign-in", username=username, password=WRONG) for _ in range(count)]
    return [answer.status_code for answer in answers]


async def skip_the_wait(app: FastAPI) -> None:
    """As if every wait of the moment had passed."""
    async for key in app.state.redis.scan_iter(match=f"{app.state.settings.redis_prefix}attempts:*"):
        if await app.state.redis.type(key) == b"hash":
            await app.state.redis.hset(key, "quiet_until", "0")


async def test_attack_44_one_page_for_everything(guest: Guests, ground: Place, pupil: Somebody) -> None:
    invited, disabled = f"invited-{uuid4().hex}", await ground.somebody(ground.root)
    person = await ground.person(ground.root)
    await ground.admin.http.post(f"/v1/people/{person}/activation-codes", json={"username": invited})
    await ground.admin.http.post(f"/v1/people/{disabled.id}/account/suspension")
    tried = [
        (pupil.username, WRONG),
        (pupil.username, ""),
        (pupil.username, "x" * 5000),
        (uuid4().hex, WRONG),
        ("", WRONG),
        ("no such name", WRONG),
        (invited, WRONG),
        (disabled.username, PASSWORD),
    ]
    answers = [(name, await guest().try_password(name, password)) for name, password in tried]
    assert {answer.status_code for _, answer in answers} == {422}
    bodies = {
        _VARIES.sub("", answer.text).replace(f'value="{name}"', "").replace("autofocus", "")
        for name, answer in answers
        if name
    }
    assert len(bodies) == 1
    names = {tuple(sorted(answer.headers)) for _, answer in answers}
    assert len(names) == 1


async def test_attack_44_the_same_time_on_the_page(guest: Guests, ground: Place) -> None:
    """Medians of tries in turn; a difference that is the service's own shows in every round."""
    rounds = []
    for _ in range(3):
        rounds.append(await _medians(guest, ground))
        if max(rounds[-1]) < 1.25 * min(rounds[-1]):
            return
    raise AssertionError(rounds)


async def _medians(guest: Guests, ground: Place) -> list[float]:
    known: list[float] = []
    unknown: list[float] = []
    empty: list[float] = []
    people = [await ground.somebody(ground.root) for _ in range(4)]
    browser = guest()
    page = await browser.get("/sign-in")
    for turn in range(16):
        for times, name, password in (
            (known, people[turn % 4].username, WRONG),
            (unknown, uuid4().hex, WRONG),
            (empty, uuid4().hex, ""),
        ):
            started = time.perf_counter()
            answer = await browser.send(page, "/sign-in", username=name, password=password)
            times.append(time.perf_counter() - started)
            assert answer.status_code == 422
    return [statistics.median(times) for times in (known, unknown, empty)]


async def test_attack_45_spellings_of_a_name_count_together(guest: Guests, pupil: Somebody) -> None:
    name = pupil.username
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)
    for number in range(FREE_FAILURES + 1):
        spelling = (name.upper(), f" {name} ", wide)[number % 3]
        assert (await guest().try_password(spelling, WRONG)).status_code == 422
    late = await guest().try_password(name, PASSWORD)
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) >= 1
    assert "Wait" in late.text


async def test_attack_45_addresses_of_one_ipv6_network_count_together(
    guest: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.auth.throttling.service.NETWORK_FAILURES", 3)
    prefix = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}"
    for number in range(3):
        assert (await guest(f"{prefix}::{number}").try_password(uuid4().hex, WRONG)).status_code == 422
    assert (await guest(f"{prefix}:ffff::9").try_password(uuid4().hex, WRONG)).status_code == 429


async def test_attack_45_forwarded_addresses_are_not_believed(
    guest: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.auth.throttling.service.NETWORK_FAILURES", 3)
    browser = guest()
    statuses = []
    for number in range(4):
        told = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}
        statuses.append((await browser.try_password(uuid4().hex, WRONG, headers=told)).status_code)
    assert statuses == [422, 422, 422, 429]


async def test_attack_46_a_known_device_passes_while_others_wait(guest: Guests, pupil: Somebody) -> None:
    home = guest()
    await home.sign_in(pupil.username, PASSWORD)
    await home.send(await home.get("/account"), "/sign-out")
    assert await failures(guest(), pupil.username, FREE_FAILURES + 1) == [422] * (FREE_FAILURES + 1)
    assert (await guest().try_password(pupil.username, PASSWORD)).status_code == 429
    assert place_of(await home.try_password(pupil.username, PASSWORD)) == "/account"
    assert place_of(await guest().try_password(pupil.username, PASSWORD)) == "/account", "forgiven"


async def test_attack_46_nobody_in_the_same_network_keeps_a_known_device_out(
    guest: Guests, pupil: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = new_network()
    home, attacker = guest(network), guest(network)
    await home.sign_in(pupil.username, PASSWORD)
    await home.send(await home.get("/account"), "/sign-out")
    monkeypatch.setattr("services.auth.throttling.service.NETWORK_FAILURES", 4)
    await failures(attacker, uuid4().hex, 4)
    assert (await guest(network).try_password(pupil.username, PASSWORD)).status_code == 429
    assert place_of(await home.try_password(pupil.username, PASSWORD)) == "/account"


async def test_attack_46_a_known_device_has_a_counter_of_its_own(guest: Guests, pupil: Somebody) -> None:
    home = guest()
    await home.sign_in(pupil.username, PASSWORD)
    await home.send(await home.get("/account"), "/sign-out")
    assert (await failures(home, pupil.username, FREE_FAILURES + 2))[-1] == 429
    assert place_of(await guest().try_password(pupil.username, PASSWORD)) == "/account"


async def test_attack_46_a_device_is_known_for_its_own_accounts_only(
    guest: Guests, ground: Place, pupil: Somebody
) -> None:
    other = await ground.somebody(ground.root)
    attacker = guest()
    await attacker.sign_in(other.username, PASSWORD)
    await attacker.send(await attacker.get("/account"), "/sign-out")
    assert (await failures(attacker, pupil.username, FREE_FAILURES + 1))[-1] == 422
    forged = guest()
    forged.http.cookies.set("xuebu_device", attacker.http.cookies["xuebu_device"][::-1])
    assert (await forged.try_password(pupil.username, PASSWORD)).status_code == 429


async def test_attack_46_at_most_a_hundred_straight_failures(
    auth_app: FastAPI, guest: Guests, pupil: Somebody
) -> None:
    """A hundred, then one a day; a code from school or a known device lets the holder in at once."""
    throttle, name = auth_app.state.throttle, pupil.username
    await throttle.begin(network=new_network(), account=name)
    before = {"failures": MOST_FAILURES - 1, "quiet_until": "0"}
    await auth_app.state.redis.hset(throttle._key("account", name), mapping=before)
    assert (await guest().try_password(name, WRONG)).status_code == 422
    refused = await guest().try_password(name, PASSWORD)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > WAIT_BEYOND_S - 60
    assert "24 hours" in refused.text


async def test_attack_46_waiting_ends_and_success_forgives(
    auth_app: FastAPI, guest: Guests, pupil: Somebody
) -> None:
    await failures(guest(), pupil.username, FREE_FAILURES + 1)
    assert (await guest().try_password(pupil.username, PASSWORD)).status_code == 429
    await skip_the_wait(auth_app)
    assert place_of(await guest().try_password(pupil.username, PASSWORD)) == "/account"
    assert await failures(guest(), pupil.username, FREE_FAILURES) == [422] * FREE_FAILURES
    assert place_of(await guest().try_password(pupil.username, PASSWORD)) == "/account"


async def test_attack_47_one_password_over_many_accounts(
    guest: Guests, pupil: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.auth.throttling.service.NETWORK_FAILURES", 4)
    network = new_network()
    for _ in range(4):
        assert (await guest(network).try_password(uuid4().hex, WRONG)).status_code == 422
    assert (await guest(network).try_password(pupil.username, PASSWORD)).status_code == 429
    assert (await guest().try_password(pupil.username, PASSWORD)).status_code == 303


async def at_once(browsers: list[Guest], names: list[str], password: str) -> list[httpx.Response]:
    pages = [await browser.get("/sign-in") for browser in browsers]
    tried = zip(browsers, pages, names, strict=True)
    sent = (browser.send(page, "/sign-in", username=name, password=password) for browser, page, name in tried)
    return list(await asyncio.gather(*sent))


async def test_attack_48_fifty_guesses_at_once_get_no_extra_try(guest: Guests, pupil: Somebody) -> None:
    answers = await at_once([guest() for _ in range(50)], [pupil.username] * 50, WRONG)
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(422) <= FREE_FAILURES + 1
    assert set(statuses) <= {422, 429, 503}


async def test_attack_58_two_hundred_at_once_are_bounded_and_others_served(
    guest: Guests, http: httpx.AsyncClient
) -> None:
    browsers = [guest() for _ in range(200)]
    names = [uuid4().hex for _ in browsers]
    flood = asyncio.ensure_future(at_once(browsers, names, WRONG))
    waits = []
    while not flood.done():
        started = time.perf_counter()
        assert (await http.get("/.well-known/jwks.json")).status_code == 200
        waits.append(time.perf_counter() - started)
        await asyncio.sleep(0.01)
    answers = await flood
    assert {answer.status_code for answer in answers} == {422, 503}
    busy = [answer for answer in answers if answer.status_code == 503]
    assert all("retry-after" in answer.headers and "<form" in answer.text for answer in busy)
    assert statistics.median(waits) < 0.1


@pytest.mark.parametrize("name", ["a:b", "a\r\nDEL *", "*", "{x}", "学" * 100, "'; drop table account --"])
async def test_attacks_69_and_70_names_are_literal(auth_app: FastAPI, guest: Guests, name: str) -> None:
    assert (await guest().try_password(name, WRONG)).status_code == 422
    keys = [key async for key in auth_app.state.redis.scan_iter(match="*attempts:*")]
    assert all(re.fullmatch(rb".*attempts:[a-z]+:[0-9a-f]{32}", key) for key in keys)


async def test_attack_77_without_redis_nobody_signs_in(
    auth_app: FastAPI, guest: Guests, pupil: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_arguments: Any, **_named: Any) -> None:
        raise RedisAway

    monkeypatch.setattr(auth_app.state.scripts, "run", away)
    browser = guest()
    answer = await browser.try_password(pupil.username, PASSWORD)
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert browser.secret is None
