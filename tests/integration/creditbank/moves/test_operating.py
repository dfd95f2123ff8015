"""What operators do: carry a move as files, compare two nodes, export and verify either."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from libs.common.ids import new_id
from services.creditbank.log.commands import CommandFailed, verify_export, write_export
from services.creditbank.moves import commands
from services.creditbank.moves.reconciling import differences
from tests.integration.creditbank.moves.conftest import Node, Nodes, problem, redeem


async def _run(node: Node, act: str, argument: str | None = None) -> list[dict[str, Any]]:
    return await commands.run(node.settings, act, argument)


def _written(folder: Path, name: str, lines: list[dict[str, Any]]) -> str:
    (folder / name).write_text(json.dumps(lines[0]))
    return str(folder / name)


async def test_a_move_is_carried_as_files(nodes: Nodes, tmp_path: Path) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00")
    made = await west.begin(who, "east")
    with pytest.raises(CommandFailed, match="not-in-the-log-yet"):
        await _run(west, "document", made["id"])
    await west.seal()
    (listed,) = await _run(west, "list")
    assert (listed["move"], listed["to"], listed["withdrawn"]) == (made["id"], "east", False)
    document = _written(tmp_path, "document", await _run(west, "document", made["id"]))
    receipts = [await _run(east, "receive", document) for _ in range(2)]
    assert receipts[0] == receipts[1] == [{"move": made["id"], "state": "applied", "reason": None}]
    receipt = _written(tmp_path, "receipt", receipts[0])
    assert await _run(west, "settle", receipt) == [{"move": made["id"], "ended": True}]
    assert await _run(west, "settle", receipt) == [{"move": made["id"], "ended": False}]
    assert await _run(west, "list") == []
    assert await _run(west, "withdraw", made["id"]) == [{"move": made["id"], "withdrawn": False}]
    assert await east.held(who) == {"available": 100}
    await nodes.check()


async def test_commands_say_what_is_wrong(nodes: Nodes, tmp_path: Path) -> None:
    (tmp_path / "other").write_text('{"statement": "{\\"from\\": \\"south\\"}", "entries": [7]}')
    entries = [{"document": "{}", "salt": "0" * 64, "proof": ""}]
    south = _written(tmp_path, "south", [{"statement": '{"from":"south"}', "entries": entries}])
    broken = _written(tmp_path, "broken", [{"statement": '{"from":"west"}', "entries": entries}])
    for act, argument, says in (
        ("document", "x", "give the id"),
        ("document", str(new_id()), "not-found"),
        ("receive", None, "cannot be read"),
        ("receive", str(tmp_path / "other"), "has not the form"),
        ("receive", south, "no node 'south'"),
        ("receive", broken, "move-document-broken"),
        ("settle", south, "has not the form"),
        ("reconcile", None, "did not answer"),
    ):
        with pytest.raises(CommandFailed, match=says):
            await _run(nodes.east, act, argument)


async def test_two_nodes_tell_the_same_of_what_went_between_them(nodes: Nodes) -> None:
    west, east = nodes.west, nodes.east
    for n, who in enumerate(west.district.students):
        await west.post(who, "1.00", "0.25")
        if n:
            await nodes.move(who, west, east)
    await nodes.move(west.district.students[1], east, west)
    west.faults = ["hush"]
    await west.begin(west.district.students[0], "east")
    await nodes.carry()

    async def told(node: Node, asker: Node) -> Any:
        answer = await node.bank.client.get("/v1/transit", headers=nodes.token_of(asker))
        return answer.json()

    of_west, of_east = await told(west, east), await told(east, west)
    assert of_west["departed"] == [
        {"scheme": "xuebu:credits", "state": "open", "moves": 1, "credits": "1.25"},
        {"scheme": "xuebu:credits", "state": "settled", "moves": 2, "credits": "2.50"},
    ]
    assert of_east["arrived"] == [{"scheme": "xuebu:credits", "moves": 3, "credits": "3.75"}]
    assert differences(of_west, of_east) == []
    of_east["arrived"][0]["credits"] = "3.76"
    of_west["arrived"] = []
    assert [(one["direction"], one["arrived"]) for one in differences(of_west, of_east)] == [
        ("out", "3.76"),
        ("in", "0.00"),
    ]


async def test_exports_of_both_nodes_verify(nodes: Nodes, tmp_path: Path) -> None:
    """With departures, a return and arrivals in the books, from their files alone."""
    west, east = nodes.west, nodes.east
    who, back = west.district.students[:2]
    for student in (who, back):
        await west.post(student, "2.00", attempt="A-1")
    await redeem(west, who, (1, 50))
    await nodes.move(who, west, east)
    made = await west.begin(back, "east")
    await _run(west, "withdraw", made["id"])
    await nodes.carry()
    await nodes.move(who, east, west)
    for node in (west, east):
        await node.seal()
        folder = tmp_path / f"export-{node.name}"
        await write_export(node.settings, folder)
        await asyncio.to_thread(verify_export, folder, [])
        entries = (folder / "entries.jsonl").read_text()
        assert all(f'\\"kind\\":\\"{kind}\\"' in entries for kind in ("departure", "arrival"))
        altered = entries.replace('\\"moved\\"', '\\"available\\"', 1)
        (folder / "entries.jsonl").write_text(altered)
        with pytest.raises(CommandFailed):
            await asyncio.to_thread(verify_export, folder, [])


async def test_a_life_can_be_read_at_the_last_of_its_homes(nodes: Nodes) -> None:
    """After west and east again, the west tells of all that was spent anywhere, each lot once."""
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await nodes.enrol(who, east.district.school)
    await west.post(who, "2.00", attempt="at west", by=west.district)
    number = await west.number(who)
    assert number
    await west.post(who, "1.00", attempt="moves")
    await redeem(west, who, (1, 200))
    for turn in range(2):
        await nodes.move(who, west, east)
        (posted,) = await east.post(who, "1.00", attempt=f"at east {turn}")
        assert posted["outcome"] == "posted"
        await redeem(east, who, (await _newest(east, who), 100), key=f"east {turn}")
        await nodes.move(who, east, west)
    newest = (await west.moves(who))[0]
    document = (await west.get(who, f"/v1/moves/{newest['id']}/document")).json()
    history = json.loads(document["statement"])["history"]
    assert sorted((one["node"], one["attempt"], one["redeemed"]) for one in history) == [
        ("east", "at east 0", "1.00"),
        ("east", "at east 1", "1.00"),
        ("west", "at west", "2.00"),
    ]
    page = (await west.get(who, "/v1/moves?limit=3")).json()
    rest = (await west.get(who, f"/v1/moves?limit=3&cursor={page['next']}")).json()
    assert [one["direction"] for one in page["items"] + rest["items"]] == ["in", "out", "in", "out"]
    assert problem(await west.get(who, "/v1/moves?cursor=x")) == (422, "invalid-cursor")
    await nodes.check()


async def _newest(node: Node, who: Any) -> int:
    return int(
        await node.database.pool.fetchval(
            "select max(number) from lot where learner = $1", await node.number(who)
        )
    )
