"""A book with a past: credits earned at different times, and what was done with them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.common.database import Database
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import Part
from services.creditbank.ledger.service import Ledger
from services.creditbank.tables import Connection
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import District


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    made = await database.connect()
    yield made
    await made.close()


@pytest.fixture
def ledger(keys: KeyRing) -> Ledger:
    return Ledger(keys)


class Reader:
    """Reads as a person."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    async def ask(
        self, who: UUID, path: str, headers: dict[str, str] | None = None, **query: Any
    ) -> httpx.Response:
        return await self.bank.client.get(
            path, params=query, headers={**self.bank.of_person(who), **(headers or {})}
        )

    async def ok(self, who: UUID, path: str, **query: Any) -> Any:
        response = await self.ask(who, path, **query)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, who: UUID, path: str, **query: Any) -> tuple[int, str]:
        """Status and the last part of the problem's type."""
        response = await self.ask(who, path, **query)
        return response.status_code, response.json()["type"].rsplit("/", 1)[-1]


@pytest.fixture
def reader(bank: Bank) -> Reader:
    return Reader(bank)


@pytest.fixture
async def past(
    bank: Bank, district: District, database: Database, connection: Connection, ledger: Ledger
) -> list[str]:
    """Times of four entries of the first student: 1 credit of 2026, held; 2 of 2020, redeemed."""
    student = district.students[0]
    await bank.posted(district.school, item(student, district.course, credits="1.00"))
    number = await database.pool.fetchval("select number from learner where id = $1", student)
    until = datetime.now(UTC) + timedelta(hours=1)
    await ledger.hold(connection, number, 1, [Part(1, 40)], key="h", until=until, purpose="test")
    await bank.posted(
        district.school,
        item(student, district.district_course, credits="2.00", earned_on="2020-01-31", grade="优"),
    )
    await ledger.redeem(connection, number, 1, [Part(3, 200)], key="r")
    rows = await database.pool.fetch(
        "select recorded_at from entry where learner = $1 order by sequence", number
    )
    return [row["recorded_at"].isoformat() for row in rows]
