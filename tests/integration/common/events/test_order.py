"""Events arrive in order and once, whoever dies, fails or finishes late."""

import asyncio
import json

from fastapi import FastAPI

from libs.common.database import Database
from libs.common.relay import Relay
from libs.common.settings import ServiceSettings
from libs.common.tasks import end
from tests.integration.common.events.floor_events import KIND, Reader, feed_of, make_relay, numbered, write
from tests.issuer import Issuer


async def test_events_arrive_in_order(
    publisher: FastAPI, relay: Relay, reader: Reader, running: list["asyncio.Task[None]"]
) -> None:
    running += [asyncio.create_task(relay.run()), asyncio.create_task(reader.inbox.run())]
    await write(publisher, numbered(0, 2500))
    assert await reader.wait_for(2500) == numbered(0, 2500)
    for number in range(2500, 2520):
        await write(publisher, numbered(number, number + 1))
    assert await reader.wait_for(2520) == numbered(0, 2520)
    async with asyncio.timeout(5):
        while not reader.inbox.is_current(2):
            await asyncio.sleep(0.05)


async def test_a_batch_that_fails_half_way_takes_effect_once(
    publisher: FastAPI, relay: Relay, reader: Reader, running: list["asyncio.Task[None]"]
) -> None:
    reader.failures = 2
    running += [asyncio.create_task(relay.run()), asyncio.create_task(reader.inbox.run())]
    await write(publisher, numbered(0, 20))
    assert await reader.wait_for(20) == numbered(0, 20)


async def test_killed_relays_and_readers_repeat_and_skip_nothing(
    publisher: FastAPI, reader: Reader, settings: ServiceSettings
) -> None:
    total = 3000
    writer = asyncio.create_task(write_slowly(publisher, total))
    async with asyncio.timeout(60):
        while len(await reader.notes()) < total:
            tasks = [
                asyncio.create_task(make_relay(publisher, settings).run()),
                asyncio.create_task(reader.inbox.run()),
            ]
            await asyncio.sleep(0.3)
            await end(*tasks)
    await writer
    assert await reader.notes() == numbered(0, total)


async def write_slowly(app: FastAPI, total: int) -> None:
    for start in range(0, total, 100):
        await write(app, numbered(start, start + 100))
        await asyncio.sleep(0.03)


async def test_of_two_relays_and_two_readers_one_works(
    publisher: FastAPI,
    relay: Relay,
    reader: Reader,
    settings: ServiceSettings,
    issuer: Issuer,
    running: list["asyncio.Task[None]"],
) -> None:
    feed = feed_of(publisher, issuer)
    other = reader.another(publisher.state.redis, settings.redis_prefix, feed)
    runs = (relay.run, make_relay(publisher, settings).run, reader.inbox.run, other.run)
    running += [asyncio.create_task(run()) for run in runs]
    await write(publisher, numbered(0, 500))
    assert await reader.wait_for(500) == numbered(0, 500)
    async with asyncio.timeout(10):
        while not (other.is_current(5) and reader.inbox.is_current(5)):
            await asyncio.sleep(0.05)


async def test_numbers_are_dense_although_writers_roll_back_and_finish_out_of_order(
    publisher: FastAPI, relay: Relay, reader: Reader, running: list["asyncio.Task[None]"]
) -> None:
    database: Database = publisher.state.database
    slow = await database.connect()
    held = slow.transaction()
    await held.start()
    await slow.execute(
        "insert into outbox (id, type, subject, data) values (uuid7(), $1, 'slow', $2)",
        KIND,
        json.dumps({"text": "slow"}).encode(),
    )
    given_up = await database.connect()
    abandoned = given_up.transaction()
    await abandoned.start()
    await given_up.execute(
        "insert into outbox (id, type, subject, data) values (uuid7(), $1, 'never', $2)", KIND, b"{}"
    )
    await abandoned.rollback()
    running += [asyncio.create_task(relay.run()), asyncio.create_task(reader.inbox.run())]
    await write(publisher, ["fast"])
    assert await reader.wait_for(1) == ["fast"]
    await held.commit()
    assert await reader.wait_for(2) == ["fast", "slow"]
    numbers = await database.pool.fetch("select sequence from outbox order by sequence")
    assert [row["sequence"] for row in numbers] == [1, 2]
    await slow.close()
    await given_up.close()


async def test_a_reader_ahead_of_its_source_stops_rather_than_guesses(
    publisher: FastAPI, relay: Relay, reader: Reader, running: list["asyncio.Task[None]"]
) -> None:
    await reader.database.pool.execute("insert into inbox (source, sequence) values ('floor', 10)")
    running += [asyncio.create_task(relay.run()), asyncio.create_task(reader.inbox.run())]
    await write(publisher, numbered(0, 5))
    await asyncio.sleep(2)
    assert await reader.notes() == []
    assert reader.inbox.as_of is None
