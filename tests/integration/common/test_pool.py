"""The raw pool: what one caller leaves behind never reaches the next."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.dev.stores import Stores
from libs.common.pool import create_pool

PID = "select pg_backend_pid()"


@pytest.fixture
async def pool(stores: Stores) -> AsyncIterator["asyncpg.Pool[asyncpg.Record]"]:
    pool = await create_pool(stores.services["auth"].database, size=1)
    yield pool
    await asyncio.wait_for(pool.close(), 10)


async def test_connection_is_used_again(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    assert len({await pool.fetchval(PID) for _ in range(3)}) == 1


async def test_everybody_who_waits_gets_it_in_turn(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    answers = await asyncio.gather(*(pool.fetchval("select $1::int", number) for number in range(20)))
    assert answers == list(range(20))


async def test_given_back_twice_is_given_back_once(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    lent = await pool.acquire()
    await pool.release(lent)
    await pool.release(lent)
    async with pool.acquire() as one:
        assert pool.get_idle_size() == 0
        assert await one.fetchval("select 1") == 1
        with pytest.raises(asyncpg.InterfaceError):
            await lent.fetchval("select 1")


async def test_transaction_left_open_is_rolled_back(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
    try:
        async with pool.acquire() as left:
            await left.execute("begin; create temporary table leftover (number int)")
        assert await pool.fetchval("select to_regclass('leftover')") is None
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert len(complaints) == 1
    assert "active transaction" in complaints[0]


async def test_statement_given_up_is_over_before_the_next(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    connection = await pool.acquire()
    with pytest.raises(TimeoutError):
        await connection.execute("select pg_sleep(60)", timeout=0.01)
    await pool.release(connection)
    assert await pool.fetchval("select 1") == 1


async def test_caller_who_goes_away_leaves_the_connection(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    for _ in range(3):
        asked = asyncio.create_task(pool.fetchval("select pg_sleep(60)"))
        while not pool.get_size() or pool.get_idle_size():
            await asyncio.sleep(0.001)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    assert await pool.fetchval("select 1") == 1


async def test_ended_connection_is_replaced(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    async with pool.acquire() as ended:
        first = await ended.fetchval(PID)
        with pytest.raises(asyncpg.PostgresError):
            await ended.execute("select pg_terminate_backend(pg_backend_pid())")
    assert await pool.fetchval(PID) != first


async def test_expired_connection_is_replaced(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    async with pool.acquire() as old:
        first = await old.fetchval(PID)
        await pool.expire_connections()
    assert await pool.fetchval(PID) != first
