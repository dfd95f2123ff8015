"""Scripts on one connection of Redis: each caller gets its own answer, or hears that there is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import RedisError, ResponseError

from infra.dev.stores import Stores
from libs.common import redis_scripts
from libs.common.redis_scripts import Script, Scripts
from libs.common.redis_store import AWAY, connect

ECHO = Script("return {KEYS[1], ARGV[1]}")
#: keeps Redis, and so everybody's answers, for a quarter of a second
SLOW = Script("""
local function now() local t = redis.call('TIME'); return t[1] * 1000000 + t[2] end
local from = now()
while now() < from + 250000 do end
return ARGV[1]
""")


@pytest.fixture
async def redis(stores: Stores) -> AsyncIterator["Redis"]:
    client = connect(stores.redis)
    yield client
    await client.aclose()


@pytest.fixture
async def scripts(redis: "Redis") -> AsyncIterator[Scripts]:
    scripts = Scripts(redis)
    yield scripts
    scripts.close()


async def echo(scripts: Scripts, text: str) -> None:
    assert await scripts.run(ECHO, [f"key-{text}"], [text]) == [f"key-{text}".encode(), text.encode()]


async def number(scripts: Scripts) -> int:
    """Which connection of Redis the scripts run on."""
    wire = scripts._wire
    assert wire is not None
    found: int = await wire.ask("CLIENT", "ID")
    return found


async def test_calls_at_the_same_time_share_a_connection_and_get_their_own_answers(scripts: Scripts) -> None:
    await asyncio.gather(*(echo(scripts, str(one)) for one in range(50)))
    assert len({await number(scripts) for _ in range(5)}) == 1


async def test_a_script_that_redis_has_not_or_no_longer_is_sent_whole(scripts: Scripts) -> None:
    fresh = Script(f"return ARGV[1] -- {uuid4()}")
    assert await scripts.run(fresh, [], ["first"]) == b"first"
    assert await scripts.run(fresh, [], ["again"]) == b"again"


async def test_what_a_script_refuses_is_its_callers_error_alone(scripts: Scripts) -> None:
    wrong = Script("return redis.call('INCR', KEYS[1], 'too much')")
    answers = await asyncio.gather(
        echo(scripts, "before"), scripts.run(wrong, ["k"], []), echo(scripts, "after"), return_exceptions=True
    )
    assert answers[0] is None
    assert isinstance(answers[1], ResponseError)
    assert answers[2] is None


async def test_who_goes_away_takes_nobody_elses_answer(scripts: Scripts) -> None:
    await echo(scripts, "connected")
    leaving = asyncio.create_task(scripts.run(SLOW, [], ["late"]))
    await asyncio.sleep(0)
    staying = asyncio.create_task(echo(scripts, "mine"))
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_lost_connection_fails_who_waits_and_is_made_again(redis: "Redis", scripts: Scripts) -> None:
    await echo(scripts, "connected")
    before = await number(scripts)
    waiting = asyncio.create_task(scripts.run(SLOW, [], ["told or not"]))
    await asyncio.sleep(0)
    await redis.client_kill_filter(_id=str(before), skipme=False)
    with suppress(Lost):  # it had been sent before
        assert await waiting == b"told or not"
    now = before
    while now == before:  # until this end has heard of it
        with suppress(Lost):
            await echo(scripts, "again")
            now = await number(scripts)


async def test_without_an_answer_the_wait_ends(scripts: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_scripts, "_LONGEST_WAIT_S", 0.02)
    with pytest.raises(RedisError):
        await scripts.run(SLOW, [], ["late"])
    monkeypatch.setattr(redis_scripts, "_LONGEST_WAIT_S", 5)
    await echo(scripts, "new connection")


async def test_attack_77_no_redis_is_an_error_at_once() -> None:
    nowhere = connect("unix:///nowhere/redis.sock")
    with pytest.raises(RedisError):
        await Scripts(nowhere).run(ECHO, ["k"], ["x"])
    await nowhere.aclose()


async def test_attack_77_whoever_waits_for_redis_waits_no_longer_than_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = asyncio.Event()
    tries: list[object] = []

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append(writer)
        await asked.wait()
        writer.close()

    monkeypatch.setattr(redis_scripts, "_LONGEST_WAIT_S", 0.2)
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    nowhere = connect(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    scripts = Scripts(nowhere)
    calls = (scripts.run(ECHO, ["k"], ["x"]) for _ in range(20))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(outcome, AWAY) for outcome in outcomes)
    assert len(tries) == 1
    asked.set()
    await nowhere.aclose()
    server.close()
    await server.wait_closed()
