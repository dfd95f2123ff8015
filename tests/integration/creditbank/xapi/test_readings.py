"""Who read a learner's record: everybody who did is told to the learner, and nobody else."""

from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from fastapi import FastAPI

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_merged
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.bulk.commands import export_statements
from services.creditbank.xapi.readings.handlers import people_erased
from services.creditbank.xapi.readings.service import Readings
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, as_event, person, tell_of_people
from tests.integration.creditbank.xapi.conftest import Issue, Tool
from tests.integration.creditbank.xapi.statements import stored
from tests.integration.creditbank.xapi.test_record import ISSUER, did


class Account:
    """The account of who read one learner's record."""

    def __init__(self, app: FastAPI, bank: Bank, learner: UUID) -> None:
        self.app, self.bank, self.learner = app, bank, learner

    @property
    def counts(self) -> Readings:
        found: Readings = self.app.state.readings
        return found

    async def told(
        self, who: UUID | None = None, of: UUID | None = None, **query: Any
    ) -> list[dict[str, Any]]:
        await self.counts.flush()
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await self.bank.client.get(
                f"/v1/learners/{of or self.learner}/record/readers",
                params={**query, **cursor},
                headers=self.bank.of_person(who or self.learner),
            )
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    async def short(self, **query: Any) -> list[tuple[str, str, str, int, int]]:
        return [
            (one["reader"]["kind"], one["what"], one["about"], one["times"], one["statements"])
            for one in await self.told(**query)
        ]


@pytest.fixture
def learner(district: District) -> UUID:
    return district.students[0]


@pytest.fixture
def account(app: FastAPI, bank: Bank, learner: UUID) -> Account:
    return Account(app, bank, learner)


def agent(who: UUID) -> str:
    return orjson.dumps({"account": {"homePage": ISSUER, "name": str(who)}}).decode()


async def test_every_way_of_reading_is_told_by_reader_and_day(
    account: Account, tool: Tool, issue: Issue, learner: UUID, district: District, administrator: UUID
) -> None:
    said = did(learner, 1, "a")
    await stored(tool, said, did(learner, 2, "b"), did(district.students[1], 3, "c"))
    assert await account.told() == []
    for _ in range(2):
        assert (
            len((await tool.get("/statements", params={"agent": agent(learner)})).json()["statements"]) == 2
        )
    await tool.get("/statements", params={"agent": agent(district.students[1])})
    assert await account.short() == [("credential", "statements", "learner", 2, 2 * 2)]
    await tool.get("/statements", params={"statementId": said["id"]})
    await tool.get("/statements", params={"limit": 2})
    await tool.get("/agents", params={"agent": agent(learner)})
    state = {"activityId": "https://x.example/a", "agent": agent(learner), "stateId": "s"}
    await tool.get("/activities/state", params=state)
    expected = [
        ("credential", "agents", "learner", 1, 0),
        ("credential", "documents", "learner", 1, 0),
        ("credential", "statements", "everybody", 1, 2),
        ("credential", "statements", "learner", 3, 5),
    ]
    assert sorted(await account.short()) == expected
    assert sorted(await account.short(limit=1)) == expected
    one = (await account.told())[0]
    assert one["reader"] == {"kind": "credential", "id": tool.credential["id"], "name": "Course player"}
    assert one["organisation"]["id"] == str(district.school)
    assert one["first_at"].startswith(one["day"])
    other = Account(account.app, account.bank, district.students[2])
    assert await other.short() == [("credential", "statements", "everybody", 1, 2)]


async def test_clients_and_persons_are_told_by_their_ids_but_not_who_reads_their_own(
    account: Account, tool: Tool, bank: Bank, learner: UUID, administrator: UUID, district: District
) -> None:
    await stored(tool, did(learner, 1, "a"))
    headers = {"X-Experience-API-Version": "1.0.3"}
    for who in (
        bank.of_client(district.school, "statements/read"),
        bank.of_person(administrator, "statements/read"),
        bank.of_person(learner, "statements/read"),
    ):
        answer = await bank.client.get(
            "/xapi/statements", params={"agent": agent(learner)}, headers=headers | who
        )
        assert answer.status_code == 200, answer.text
    told = {one["reader"]["kind"]: one["reader"]["id"] for one in await account.told()}
    assert told.keys() == {"client", "person"}
    assert told["person"] == str(administrator)
    assert (
        await bank.client.get(f"/v1/learners/{learner}/record", headers=bank.of_person(learner))
    ).is_success
    assert len(await account.told()) == 2


async def test_a_guardian_is_told_before_the_answer_is_sent(
    account: Account, bank: Bank, database: Database, keys: KeyRing, learner: UUID, district: District
) -> None:
    guardian = new_id()
    relation = [{"person": guardian, "relation": "parent"}]
    role = ("student", district.school)
    await tell_of_people(
        database, keys, person(learner, role, version=2, guardians=relation, consent="given")
    )
    path = f"/v1/learners/{learner}/record"
    assert (await bank.client.get(path, headers=bank.of_person(guardian))).status_code == 200
    [one] = await account.told(guardian)
    assert (one["what"], one["reader"]["id"], one["organisation"]) == ("record", str(guardian), None)
    for stranger in (district.students[1], new_id()):
        answer = await bank.client.get(f"{path}/readers", headers=bank.of_person(stranger))
        assert answer.status_code == 404


async def test_an_export_of_a_whole_store_is_told_to_all_in_it(
    account: Account,
    tool: Tool,
    settings: CreditbankSettings,
    learner: UUID,
    district: District,
    tmp_path: Any,
) -> None:
    await stored(tool, did(learner, 1, "a"))
    await export_statements(settings, district.school, str(tmp_path / "all.jsonl"))
    assert await account.short() == [("operator", "export", "everybody", 1, 1)]


async def test_merged_persons_are_told_of_both_and_of_the_erased_nothing_stays(
    account: Account,
    tool: Tool,
    database: Database,
    learner: UUID,
    district: District,
    settings: CreditbankSettings,
) -> None:
    other = district.students[1]
    for who in (learner, other):
        await tool.get("/statements", params={"agent": agent(who)})
    connection = await database.connect()
    async with connection.transaction():
        await people_merged(connection, [as_event({"id": other, "into": learner, "version": 9})])
    assert await account.short() == [("credential", "statements", "learner", 2, 0)]
    assert await account.short(of=other) == [("credential", "statements", "learner", 2, 0)]
    async with connection.transaction():
        await people_erased(settings.issuer)(connection, [as_event({"id": one}) for one in (learner, other)])
    await connection.close()
    assert await account.told() == []


async def test_what_cannot_be_written_down_is_counted_on(
    settings: CreditbankSettings, database: Database
) -> None:
    class Away:
        @property
        def pool(self) -> Any:
            raise OSError

    place, key, reader = new_id(), new_id(), new_id()
    counts = Readings(Away(), 10)  # type: ignore[arg-type]
    for _ in range(2):
        counts.count(place, key.hex, f"credential:{reader}", "statements", 3)
        with pytest.raises(OSError):
            await counts.flush()
    counts._database = database
    await counts.stop()
    await counts.flush()
    query = "select times, statements from record_reading where organisation = $1 and subject = $2"
    assert [tuple(row) for row in await database.pool.fetch(query, place, key)] == [(2, 6)]


@pytest.mark.parametrize("cursor", ["x", "WyJ4Il0", "WyJ5ZXN0ZXJkYXkiLCAiYSIsICJiIiwgImMiLCAiZCIsIDFd"])
async def test_a_cursor_of_nobody_is_refused(
    account: Account, bank: Bank, learner: UUID, cursor: str
) -> None:
    answer = await bank.client.get(
        f"/v1/learners/{learner}/record/readers", params={"cursor": cursor}, headers=bank.of_person(learner)
    )
    assert answer.status_code == 422 or answer.status_code == 400


async def test_old_readings_are_forgotten(database: Database) -> None:
    from services.creditbank.xapi.readings import repository

    place = uuid4()
    await database.pool.execute(
        "insert into record_reading"
        " select $1, $1, now()::date - n, 'operator', $1, 'export', 1, 0, now(), now()"
        " from unnest(array[0, 5000]) n",
        place,
    )
    await repository.prune(database.pool, 4000)
    query = "select count(*) from record_reading where organisation = $1"
    assert await database.pool.fetchval(query, place) == 1
