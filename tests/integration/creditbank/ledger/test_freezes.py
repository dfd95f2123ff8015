"""A frozen account: nothing is spent or set aside; credits come in and come back; another one lifts it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.books.service import audit
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.problems import AccountFrozen
from services.creditbank.ledger.rules import Part
from services.creditbank.ledger.service import Ledger
from services.creditbank.tables import Connection
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.ledger.conftest import SCHEME, Fill, lots
from tests.integration.creditbank.world import District, person, tell_of_people

SCOPE = "credits.read credits.write"


@pytest.fixture
async def administrators(database: Database, keys: KeyRing, district: District) -> list[UUID]:
    """Of the school, of the district, of another school."""
    people = [new_id(), new_id(), new_id()]
    places = (district.school, district.district, district.other_school)
    await tell_of_people(
        database,
        keys,
        *(person(who, ("administrator", place)) for who, place in zip(people, places, strict=True)),
    )
    return people


async def _freeze(bank: Bank, by: UUID, learner: UUID, scope: str = SCOPE) -> httpx.Response:
    return await bank.client.post(
        f"/v1/learners/{learner}/freezes", json={"reason": "Dispute 7"}, headers=bank.of_person(by, scope)
    )


async def _lift(bank: Bank, by: UUID, learner: UUID, freeze: str) -> httpx.Response:
    return await bank.client.post(
        f"/v1/learners/{learner}/freezes/{freeze}/end", headers=bank.of_person(by, SCOPE)
    )


async def test_nothing_is_spent_while_frozen(
    bank: Bank,
    ledger: Ledger,
    connection: Connection,
    fill: Fill,
    district: District,
    administrators: list[UUID],
    keys: KeyRing,
) -> None:
    learner, student = await fill(100, 100), district.students[0]
    until = datetime.now(UTC) + timedelta(hours=1)
    held = [
        await ledger.hold(connection, learner, SCHEME, [Part(1, 10)], key=key, until=until, purpose="x")
        for key in ("h1", "h2")
    ]
    frozen = await _freeze(bank, administrators[0], student)
    assert frozen.status_code == 201, frozen.text
    (freeze,) = frozen.json()["items"]
    assert (freeze["learner"], freeze["reason"], freeze["ended_at"]) == (str(student), "Dispute 7", None)
    assert (await bank.account(student))["frozen"] is True
    with pytest.raises(AccountFrozen):
        await ledger.redeem(connection, learner, SCHEME, [Part(1, 1)], key="k")
    with pytest.raises(AccountFrozen):
        await ledger.capture(connection, held[0], key="c")
    await ledger.release(connection, held[1])
    posted = await bank.posted(district.school, item(student, district.course))
    assert posted["posted"] == 1
    refused = await _lift(bank, administrators[0], student, freeze["id"])
    assert (refused.status_code, refused.json()["type"].split("/")[-1]) == (403, "freeze-needs-another")
    lifted = await _lift(bank, administrators[1], student, freeze["id"])
    assert (lifted.status_code, lifted.json()["items"][0]["ended_by"]) == (200, str(administrators[1]))
    assert (await _lift(bank, administrators[1], student, freeze["id"])).status_code == 409
    assert (await bank.account(student))["frozen"] is False
    await ledger.capture(connection, held[0], key="c")
    assert (await lots(connection, learner))[0] == (90, 0, 10, 0, 0, 0)
    assert await audit(connection, keys) == []


async def test_only_administrators_of_the_learners_places_freeze(
    bank: Bank, fill: Fill, district: District, administrators: list[UUID], teacher: UUID
) -> None:
    await fill(100)
    student = district.students[0]
    for who in (administrators[2], teacher, student, district.students[1]):
        assert (await _freeze(bank, who, student)).status_code == 404
    assert (await _freeze(bank, administrators[0], administrators[0])).status_code == 404
    assert (await _freeze(bank, administrators[0], new_id())).status_code == 404
    assert (await _freeze(bank, administrators[0], student, "credits.read")).status_code == 403
    assert (await _lift(bank, administrators[0], student, str(new_id()))).status_code == 404
    machine = await bank.client.post(
        f"/v1/learners/{student}/freezes", json={"reason": "x"}, headers=bank.of_client(district.school)
    )
    assert machine.status_code == 403
    empty = await bank.client.post(
        f"/v1/learners/{student}/freezes", json={}, headers=bank.of_person(administrators[0], SCOPE)
    )
    assert empty.status_code == 422


async def test_who_has_no_account_has_nothing_to_freeze(
    bank: Bank, administrators: list[UUID], teacher: UUID
) -> None:
    refused = await _freeze(bank, administrators[0], teacher)
    assert (refused.status_code, refused.json()["type"].split("/")[-1]) == (409, "nothing-to-freeze")
