"""Two bank nodes side by side, each with a database, a log and a region of its own; one auth tells both."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.service_client import CallFailed
from services.creditbank.app import build
from services.creditbank.books.service import Finding, audit
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import Part
from services.creditbank.ledger.service import Posted
from services.creditbank.log.notes import Verifier
from services.creditbank.log.sequencing import Sequencing
from services.creditbank.moves.mover import Mover
from services.creditbank.settings import AUDIENCE, CreditbankSettings, Neighbour
from services.creditbank.tables import Connection
from tests.integration.creditbank.conftest import WATCH, Bank, item, settings_for
from tests.integration.creditbank.world import District, make_district, tell_of_people
from tests.integration.creditbank.world import person as person_of
from tests.issuer import Issuer, bearer

DOES = "credits.read credits.write"


class Cut(CallFailed):
    """The connection between the nodes ended: before the other one was reached, or before it answered."""


class Node:
    """One bank node and all that happens at it."""

    def __init__(self, name: str, settings: CreditbankSettings, app: FastAPI, bank: Bank) -> None:
        self.name = name
        self.settings = settings
        self.app = app
        self.bank = bank
        self.database: Database = app.state.database
        self.keys: KeyRing = app.state.shred_keys
        self.district = District()
        #: what the wire does to the next messages: "lose" them, or "hush" their answers
        self.faults: list[str] = []
        self.sent: list[tuple[str, bytes]] = []
        self.migrations_database = settings.migrations_database or ""

    async def seal(self) -> None:
        """Give every entry its place in the public log."""
        connection = await self.database.connect()
        try:
            sequencer = Sequencing(self.database, self.settings).sequencer(connection)
            await sequencer.open()
            await sequencer.step()
        finally:
            connection.terminate()

    async def number(self, person: UUID) -> int:
        return int(await self.database.pool.fetchval("select number from learner where id = $1", person))

    async def post(self, student: UUID, *amounts: str, by: District | None = None, **changes: Any) -> Any:
        """Credits for a student, by the school of this node's region or of another; the answer's items."""
        home = by or self.district
        items = [item(student, home.course, credits=amount, **changes) for amount in amounts]
        return (await self.bank.posted(home.school, *items))["items"]

    async def ask(self, person: UUID, to: str, **body: Any) -> httpx.Response:
        return await self.bank.client.post(
            "/v1/moves",
            json={"key": uuid4().hex, "to": to, **body},
            headers=self.bank.of_person(person, DOES),
        )

    async def begin(self, person: UUID, to: str, **body: Any) -> dict[str, Any]:
        response = await self.ask(person, to, **body)
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def get(self, person: UUID, path: str) -> httpx.Response:
        return await self.bank.client.get(path, headers=self.bank.of_person(person, DOES))

    async def moves(self, person: UUID) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.get(person, "/v1/moves")).json()["items"]
        return items

    async def held(self, person: UUID) -> dict[str, Any]:
        """The parts of the account in the default scheme that are not nothing."""
        rows = await self.database.pool.fetch(
            "select a.* from account a join learner l on l.number = a.learner"
            " where l.id = $1 and a.scheme = 1",
            person,
        )
        parts = ("available", "held", "redeemed", "converted", "expired", "revoked", "moved")
        return {part: row[part] for row in rows for part in parts if row[part]}

    async def audit(self) -> list[Finding]:
        connection = await self.database.connect()
        try:
            return await audit(connection, self.keys)
        finally:
            await connection.close()

    async def owner(self) -> Connection:
        """A connection of the role that owns the tables; close it."""
        return await Database(self.migrations_database, name="owner").connect()

    async def troubles(self) -> list[str | None]:
        """Why moves that are under way here are so."""
        rows = await self.database.pool.fetch("select trouble from departure where state = 'open'")
        return [row["trouble"] for row in rows]

    async def told(self, move: str) -> list[dict[str, Any]]:
        """What this node has told others of a move."""
        rows = await self.database.pool.fetch(
            "select data from outbox where type = 'creditbank.move.changed.v1' and subject = $1"
            " order by position",
            move,
        )
        return [json.loads(row["data"]) for row in rows]

    async def in_transit(self) -> int:
        """What left this node less what came to it, in hundredths."""
        return int(
            await self.database.pool.fetchval(
                "select coalesce(sum(amount), 0) from posting where bucket in (10, 11)"
            )
        )


class Nodes:
    """Two nodes, `west` and `east`, and the wire between them."""

    def __init__(self, west: Node, east: Node, issuer: Issuer) -> None:
        self.west = west
        self.east = east
        self.issuer = issuer
        for here, there in ((west, east), (east, west)):
            here.app.state.mover = Mover(
                here.database, here.settings, here.keys, here.app.state.log_reader, self._wire(here, there)
            )

    def token_of(self, node: Node) -> dict[str, str]:
        client = str(node.settings.client_id)
        return bearer(
            self.issuer.sign(sub=str(uuid4()), client_id=client, aud=[AUDIENCE], scope="credits.move")
        )

    def _wire(self, here: Node, there: Node) -> Any:
        async def send(_node: Neighbour, path: str, body: bytes) -> tuple[int, bytes]:
            here.sent.append((path, body))
            fault = here.faults.pop(0) if here.faults else None
            if fault == "lose":
                raise Cut
            response = await there.bank.client.post(
                path, content=body, headers={**self.token_of(here), "Content-Type": "application/json"}
            )
            if fault == "hush":
                raise Cut
            return response.status_code, response.content

        return send

    async def carry(self) -> int:
        """Seal both logs and hand over all that is under way; how many moves ended."""
        ended = 0
        for node in (self.west, self.east):
            await node.seal()
            ended += await node.app.state.mover.work_through(at_once=True)
        return ended

    async def move(self, person: UUID, source: Node, target: Node) -> dict[str, Any]:
        """A whole move; it must come to its end at once."""
        made = await source.begin(person, target.name)
        ended = await self.carry()
        assert ended == 1, await source.troubles()
        shown: dict[str, Any] = (await source.get(person, f"/v1/moves/{made['id']}")).json()
        assert shown["state"] == "settled", shown
        return shown

    async def enrol(self, person: UUID, *places: UUID, version: int = 2) -> None:
        """Auth tells both nodes that a person is a student at these places now."""
        told = person_of(person, *(("student", place) for place in places), version=version)
        for node in (self.west, self.east):
            await tell_of_people(node.database, node.keys, told)

    async def check(self, *, is_open: bool = False) -> None:
        """Each node's books hold, and together nothing is lost on the way."""
        for node in (self.west, self.east):
            await node.seal()
            assert await node.audit() == []
        if not is_open:
            assert await self.west.in_transit() + await self.east.in_transit() == 0


@pytest.fixture
async def nodes(
    fresh_database: Callable[[str], ServiceStore], issuer: Issuer, tmp_path: Path
) -> AsyncIterator[Nodes]:
    async with AsyncExitStack() as stack:
        made: dict[str, CreditbankSettings] = {}
        for name in ("west", "east"):
            store = fresh_database("creditbank")
            await watch(store)
            made[name] = settings_for(
                store,
                issuer,
                node=name,
                client_id=f"node-{name}",
                migrations_database=store.migrations_database,
                log_directory=tmp_path / name,
            ).model_copy(update={"public_address": f"http://{name}.example"})
        keys = {name: await log_key(settings) for name, settings in made.items()}
        built = {}
        for name, other in (("west", "east"), ("east", "west")):
            neighbour = Neighbour(
                name=other, address=f"http://{other}.example", client_id=f"node-{other}", keys=(keys[other],)
            )
            settings = made[name].model_copy(update={"nodes": (neighbour,)})
            built[name] = await stack.enter_async_context(started(name, settings, issuer))
        nodes = Nodes(built["west"], built["east"], issuer)
        await tell_both(nodes)
        yield nodes


async def watch(store: ServiceStore) -> None:
    owner = await Database(store.migrations_database, name="owner").connect()
    await owner.execute(WATCH)
    await owner.close()


async def log_key(settings: CreditbankSettings) -> str:
    """Begin the node's log; the key others know it by."""
    database = await Database(settings.database).start()
    connection = await database.connect()
    await Sequencing(database, settings).sequencer(connection).open()
    row = await connection.fetchrow(
        "select l.origin, k.public_key from log l join log_key k on k.log = l.number"
    )
    connection.terminate()
    await database.stop()
    assert row is not None
    return Verifier(row["origin"], row["public_key"]).text


class started:  # noqa: N801  used as a function
    """A node that answers, as a context."""

    def __init__(self, name: str, settings: CreditbankSettings, issuer: Issuer) -> None:
        self._name, self._settings, self._issuer = name, settings, issuer
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Node:
        app = build(self._settings, keys=lambda _app: self._issuer.source(), background=False)
        await self._stack.enter_async_context(app.router.lifespan_context(app))
        await app.state.identity.refresh()
        client = await self._stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app, raise_app_exceptions=False),
                base_url=f"http://{self._name}.example",
            )
        )
        return Node(self._name, self._settings, app, Bank(client, self._issuer))

    async def __aexit__(self, *_error: object) -> None:
        await self._stack.aclose()


async def tell_both(nodes: Nodes) -> None:
    """One auth: a region in the west and one in the east, both known to both nodes."""
    nodes.west.district = await make_district(nodes.west.database, nodes.west.keys)
    nodes.east.district = await make_district(nodes.east.database, nodes.east.keys)
    for here, there in ((nodes.west, nodes.east), (nodes.east, nodes.west)):
        await make_district(there.database, there.keys, made=here.district)


def statement_of(body: bytes) -> dict[str, Any]:
    """What a message on the wire states."""
    found: dict[str, Any] = json.loads(json.loads(body)["statement"])
    return found


async def redeem(node: Node, who: UUID, *parts: tuple[int, int], key: str = "spend") -> Posted:
    """Spend hundredths of lots in the default scheme."""
    number = await node.number(who)
    async with node.database.pool.acquire() as connection, connection.transaction():
        posted: Posted = await node.app.state.ledger.redeem(
            connection, number, 1, [Part(*part) for part in parts], key=key
        )
        return posted


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and kind of a failure."""
    return response.status_code, response.json()["type"].rpartition("/")[2]
