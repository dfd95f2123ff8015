"""The limits of a record store: the same bodies parsed, kept and read with nothing of ours around it.

A bare FastAPI route that inserts with asyncpg and one that joins what it reads; and set-wise inserts of rows
that are ready, by PostgreSQL alone. Neither judges a statement, nor looks for the same one.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from uuid import UUID

import asyncpg
import orjson
from fastapi import FastAPI, Request
from fastapi.responses import Response

from infra.dev.stores import ServiceStore

_TABLE = """
create table {name} (
  position bigint generated always as identity, id uuid primary key, verb uuid, actor uuid, object uuid,
  registration uuid, body bytea not null);
create index on {name} (actor, position);
create index on {name} (verb, position);
create index on {name} (object, position);
"""
_ONE = "insert into single (id, verb, actor, object, registration, body) values ($1, $2, $3, $4, $5, $6)"
_MANY = """
insert into many (id, verb, actor, object, registration, body)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bytea[])
"""
_PAGE = "select body from many where actor = $1 order by position desc limit 100"
Row = tuple[UUID, UUID, UUID, UUID, UUID, bytes]


def bare_store() -> FastAPI:
    """The routes, on the store the environment names."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE"], min_size=4, max_size=4)
        yield
        await app.state.pool.close()

    app = FastAPI(lifespan=lifespan)
    app.add_api_route("/statements", _store, methods=["POST"])
    app.add_api_route("/statements", _page, methods=["GET"])
    return app


async def _store(request: Request) -> Response:
    row = parsed(await request.body())
    await request.app.state.pool.execute(_ONE, *row)
    return Response(orjson.dumps([str(row[0])]), media_type="application/json")


async def _page(request: Request) -> Response:
    rows = await request.app.state.pool.fetch(_PAGE, digest(request.query_params["agent"]))
    document = b'{"statements":[' + b",".join([row[0] for row in rows]) + b'],"more":""}'
    return Response(document, media_type="application/json")


def digest(value: str) -> UUID:
    """A key of one length."""
    return UUID(bytes=sha256(value.encode()).digest()[:16])


def parsed(body: bytes) -> Row:
    """A statement as the raw table has it."""
    found = orjson.loads(body)
    return (
        UUID(found["id"]),
        digest(found["verb"]["id"]),
        digest(found["actor"]["account"]["name"]),
        digest(found["object"]["id"]),
        UUID(found["context"]["registration"]),
        body,
    )


class RawStatements:
    """Tables in a database of their own, into which rows that are ready are put."""

    def __init__(self, store: ServiceStore) -> None:
        self.address = store.migrations_database

    async def prepare(self) -> None:
        owner = await asyncpg.connect(self.address)
        for name in ("single", "many"):
            await owner.execute(_TABLE.format(name=name))
        await owner.close()

    async def rate(self, bodies: Sequence[bytes], size: int, connections: int = 2) -> float:
        """Rows a second, in calls of so many over so many connections."""
        rows = [parsed(body) for body in bodies]
        calls = [list(zip(*rows[n : n + size], strict=True)) for n in range(0, len(rows), size)]
        writers = [await asyncpg.connect(self.address) for _ in range(connections)]

        async def write(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
            while calls:
                await connection.execute(_MANY, *calls.pop())

        for connection in writers:
            await connection.prepare(_MANY)
        began = time.perf_counter()
        await asyncio.gather(*(write(connection) for connection in writers))
        rate = len(rows) / (time.perf_counter() - began)
        for connection in writers:
            await connection.close()
        return rate
