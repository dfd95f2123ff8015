"""Moves cut off at every step, by kill -9 and by the loss of any answer: none lost, none doubled."""

import asyncio
import random
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from tests.integration.creditbank.conftest import item
from tests.integration.creditbank.moves.conftest import Node, Nodes

#: SQL that ends each transaction of a move; it is cut off before it commits
STEPS = {
    "out": "post_departure",
    "in": "post_arrival",
    "settled": "settle_departure",
    "returned": "post_return",
    "refused": "refuse_arrival",
}


async def _stop_at(node: Node, function: str) -> None:
    """The next call of a function of the database ends the connection it came by, after it did its work."""
    owner = await node.owner()
    await owner.execute(
        f"alter function {function} rename to {function}_done;"
        " create sequence cut; grant usage on sequence cut to public"
    )
    row = await owner.fetchrow(
        "select pg_get_function_arguments(oid) as args, pg_get_function_result(oid) as result,"
        f" pronargs as count from pg_proc where proname = '{function}_done'"
    )
    assert row is not None
    numbers = ", ".join(f"${n}" for n in range(1, row["count"] + 1))
    await owner.execute(
        f"create function {function}({row['args']}) returns {row['result']} language plpgsql"
        " as $body$ declare done " + row["result"] + "; begin"
        f" done := {function}_done({numbers});"
        " if nextval('cut') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;"
        " return done; end $body$"
    )
    await owner.execute(f"grant execute on function {function} to public")
    await owner.close()


@pytest.mark.parametrize("step", ["out", "in", "settled"])
async def test_a_move_cut_off_in_any_step_goes_on(nodes: Nodes, step: str) -> None:
    """The connection dies when the step's work is done and not committed; all of it still happens once."""
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00", "2.00")
    await _stop_at(east if step == "in" else west, STEPS[step])
    answers = [await west.ask(who, "east", key="k") for _ in range(2)]
    assert answers[-1].status_code == 201
    for _ in range(3):
        await _carry(nodes)
    assert await west.held(who) == {"moved": 300}
    assert await east.held(who) == {"available": 300}
    assert await west.troubles() == []
    await _was_cut(east if step == "in" else west)
    await nodes.check()


@pytest.mark.parametrize("step", ["refused", "returned"])
async def test_a_return_cut_off_in_any_step_goes_on(nodes: Nodes, step: str) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00")
    made = await west.begin(who, "east")
    await west.database.pool.fetchval("select withdraw_departure($1)", UUID(made["id"]))
    await _stop_at(east if step == "refused" else west, STEPS[step])
    for _ in range(3):
        await _carry(nodes)
    assert await west.held(who) == {"available": 100}
    assert await west.troubles() == []
    await _was_cut(east if step == "refused" else west)
    await nodes.check()


async def _was_cut(node: Node) -> None:
    """The function was called again after it was cut off."""
    owner = await node.owner()
    assert await owner.fetchval("select last_value from cut") > 1
    await owner.close()


async def _carry(nodes: Nodes) -> None:
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await nodes.carry()


async def test_answers_lost_in_any_order_change_nothing(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    order = random.Random(11)  # noqa: S311  a test's own order
    people = west.district.students
    for who in people:
        await west.post(who, "1.00", attempt="A-1")
    for _ in range(8):
        for who in people:
            here, there = (west, east) if "available" in await west.held(who) else (east, west)
            await here.ask(who, there.name)
        for node in (west, east):
            node.faults = [order.choice(["lose", "hush", ""]) for _ in range(4)]
        await nodes.carry()
        await nodes.check(is_open=True)
    for node in (west, east):
        node.faults = []
    await nodes.carry()
    for who in people:
        held = [(await node.held(who)).get("available", 0) for node in (west, east)]
        assert sorted(held) == [0, 100]
    await nodes.check()


async def _post(node: Node, who: UUID, told: dict[str, UUID], key: str) -> None:
    """An institution posts where it believes the learner is, and follows the answer."""
    posting: dict[str, Any] = item(who, node.district.course, key=key, attempt=key)
    answer = (await node.bank.posted(node.district.school, posting))["items"][0]
    if answer["outcome"] in ("posted", "replayed"):
        told[key] = answer["entry"]
    else:
        assert answer["reason"] in ("learner_moved", "attempt_already_posted"), answer


async def test_moves_to_and_fro_under_posting_lose_and_double_nothing(nodes: Nodes) -> None:
    """Learners come and go while both nodes are posted to: every acknowledged credit is at one node, once."""
    west, east = nodes.west, nodes.east
    east.district = west.district
    people = west.district.students
    for who in people:
        await west.post(who, "1.00", attempt=f"first {who}")
    told: dict[str, UUID] = {}
    goes_on = True

    async def posting(node: Node) -> None:
        for n in range(40):
            await asyncio.gather(*(_post(node, who, told, f"{node.name} {n} {who}") for who in people))

    async def moving() -> None:
        while goes_on:
            for who in people:
                for here, there in ((west, east), (east, west)):
                    await here.ask(who, there.name)
            await nodes.carry()

    movers = asyncio.create_task(moving())
    await asyncio.gather(posting(west), posting(east))
    goes_on = False
    await movers
    await nodes.carry()
    await nodes.check()
    total = 0
    for who in people:
        total += sum([(await node.held(who)).get("available", 0) for node in (west, east)])
    assert total == 100 * (len(told) + len(people))
    moved = await west.database.pool.fetchval("select count(*) from departure where state = 'settled'")
    assert moved > 0


async def test_processes_killed_again_and_again_lose_and_double_nothing(nodes: Nodes, tmp_path: Path) -> None:
    """kill -9 of what carries learners between the nodes, at any moment; then all that is open is ended."""
    west, east = nodes.west, nodes.east
    people = west.district.students
    for who in people:
        await west.post(who, "1.00", "2.00", "0.05")
    configuration = tmp_path / "nodes.json"
    configuration.write_bytes(orjson.dumps([_plain(node) for node in (west, east)]))
    order = random.Random(13)  # noqa: S311  a test's own order
    told: list[str] = []
    for run in range(6):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.creditbank.moves.carrier", str(configuration), str(run),
            *map(str, people), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        async with asyncio.timeout(60):
            told.append((await process.stdout.readline()).decode())
        await asyncio.sleep(order.random())
        process.kill()
        told += (await process.stdout.read()).decode().split("\n")
        await process.wait()
    assert told.count("ended") > 0, told
    await nodes.carry()
    for node in (west, east):
        assert await node.troubles() == []
    for who in people:
        held = [(await node.held(who)).get("available", 0) for node in (west, east)]
        assert sorted(held) == [0, 305]
    await nodes.check()


def _plain(node: Node) -> dict[str, Any]:
    plain = node.settings.model_dump(mode="json")
    return {**plain, "key_encryption_key": node.settings.key_encryption_key.get_secret_value()}
