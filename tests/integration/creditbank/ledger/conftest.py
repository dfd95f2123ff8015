"""A book with lots in it, and a second scheme to convert into."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.service import Ledger
from services.creditbank.tables import Connection
from tests.integration.creditbank.test_races import call, item
from tests.integration.creditbank.world import District

SCHEME = 1
OTHER_SCHEME = 901


@pytest.fixture(scope="session")
async def owner(store: ServiceStore) -> AsyncIterator[Connection]:
    """The role that owns the tables, for what only time or a fault could do."""
    connection = await asyncpg.connect(store.migrations_database)
    await connection.execute(
        "insert into scheme (id, code, title_en, title_zh, decimals)"
        " values (901, 'test:other', 'Other', '另一种', 2) on conflict do nothing"
    )
    yield connection
    await connection.close()


@pytest.fixture
def ledger(keys: KeyRing, owner: Connection) -> Ledger:
    return Ledger(keys)


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    made = await database.connect()
    yield made
    await made.close()


Fill = Callable[..., Awaitable[int]]


@pytest.fixture
def fill(database: Database, keys: KeyRing, district: District, owner: Connection) -> Fill:
    """Posts lots of these amounts to a student; answers the student's number. `expires_on` is of all."""

    async def fill(*amounts: int, student: int = 0, expires_on: date | None = None) -> int:
        who = district.students[student]
        items = [
            item(district, who, f"{student} {n}", f"{student} {n}", amount)
            for n, amount in enumerate(amounts)
        ]
        await PostingDesk(database, keys).post([call(district, *items)])
        number = await number_of(database, who)
        if expires_on is not None:
            await expire(owner, keys, number, expires_on)
        return number

    return fill


async def number_of(database: Database, person: UUID) -> int:
    return int(await database.pool.fetchval("select number from learner where id = $1", person))


async def expire(owner: Connection, keys: KeyRing, learner: int, day: date) -> None:
    """Let the learner's lots end on a day, as a scheme's policy would have it, and commit to that anew."""
    await owner.execute("update lot set expires_on = $2 where learner = $1", learner, day)
    rows = await owner.fetch(
        "select e.scheme, e.sequence, e.id, k.wrapped from entry e join shred_key k using (learner)"
        " where e.learner = $1 order by e.scheme, e.sequence",
        learner,
    )
    for row in rows:
        old = await owner.fetchval(
            "select commitment from entry where learner = $1 and scheme = $2 and sequence = $3",
            learner, row["scheme"], row["sequence"],
        )  # fmt: skip
        new = await owner.fetchval(
            "update entry e set commitment = sha256(convert_to('xuebu creditbank entry' || chr(10), 'UTF8')"
            " || $4 || convert_to(d.document, 'UTF8')) from entry_document d"
            " where e.learner = $1 and e.scheme = $2 and e.sequence = $3 and d.learner = e.learner"
            " and d.scheme = e.scheme and d.sequence = e.sequence returning e.commitment",
            learner, row["scheme"], row["sequence"], keys.salt(learner, row["wrapped"], row["id"]),
        )  # fmt: skip
        await owner.execute(
            "update account set head = $2 where learner = $1 and head = $3", learner, new, old
        )
        await owner.execute(
            "update log_pending set commitments = array_replace(commitments, $1, $2)", old, new
        )


async def lots(connection: Connection, learner: int, scheme: int = SCHEME) -> list[tuple[int, ...]]:
    """Of each lot what is available, held, redeemed, converted, expired, revoked."""
    rows = await connection.fetch(
        "select available, held, redeemed, converted, expired, revoked from lot"
        " where learner = $1 and scheme = $2 order by number",
        learner,
        scheme,
    )
    return [tuple(row) for row in rows]
