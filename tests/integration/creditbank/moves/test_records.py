"""A learner's statements stay in the stores that recorded them; the learner reads them at either node."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from services.creditbank.app import _auth
from services.creditbank.xapi.bulk.commands import import_statements
from tests.integration.creditbank.moves.conftest import Node, Nodes
from tests.integration.creditbank.world import as_event
from tests.integration.creditbank.xapi.statements import statement


async def _record(node: Node, who: UUID, folder: Path) -> str:
    """Store a statement about the person in the store of the node's school; its id."""
    actor = {"account": {"homePage": node.settings.issuer, "name": str(who)}}
    made = statement(actor=actor)
    file = folder / made["id"]
    file.write_text(json.dumps(made) + "\n")
    await import_statements(node.settings, node.district.school, str(file))
    identifier: str = made["id"]
    return identifier


async def _read(node: Node, who: UUID) -> list[str]:
    answer = await node.get(who, "/v1/records/me/statements")
    assert answer.status_code == 200, answer.text
    return [one["statement"]["id"] for one in answer.json()["items"]]


async def test_a_move_leaves_statements_where_they_were_recorded_and_doubles_none(
    nodes: Nodes, tmp_path: Path
) -> None:
    west, east = nodes.west, nodes.east
    who = west.district.students[0]
    await west.post(who, "1.00")
    before = await _record(west, who, tmp_path)
    await nodes.move(who, west, east)
    await nodes.enrol(who, east.district.school)
    after, late = await _record(east, who, tmp_path), await _record(west, who, tmp_path)
    assert await _read(west, who) == [late, before]
    assert await _read(east, who) == [after]
    for node in (west, east):
        await _erase(node, who)
        left: Any = await node.database.pool.fetchval("select count(*) from xapi_statement")
        assert left == 0
    await nodes.check()


async def _erase(node: Node, who: UUID) -> None:
    """Auth tells every node that a person is no more."""
    handler = _auth(node.settings, node.keys).handlers["auth.person.erased.v1"]
    async with node.database.pool.acquire() as connection, connection.transaction():
        await handler(connection, [as_event({"id": who, "version": 9})])  # type: ignore[arg-type]
    while await node.app.state.remover.work():
        pass
