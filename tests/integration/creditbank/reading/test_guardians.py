"""Who may read whose account: oneself, and a guardian the child's where consent allows it."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_erased, people_merged
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import AUDIENCE
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.reading.conftest import Reader
from tests.integration.creditbank.world import District, as_event, person, tell_of_people
from tests.issuer import bearer

NAMES = ("balances", "statement", "statement.csv")
Tell = Callable[..., Awaitable[None]]


@pytest.fixture
def guardian() -> UUID:
    return new_id()


@pytest.fixture
def tell(database: Database, keys: KeyRing, district: District) -> Tell:
    """Tells of the first student anew: guardians and their consent."""
    versions = iter(range(2, 100))

    async def told(*guardians: UUID, consent: str = "given") -> None:
        await tell_of_people(
            database,
            keys,
            person(
                district.students[0],
                ("student", district.school),
                version=next(versions),
                guardians=[{"person": one, "relation": "parent"} for one in guardians],
                consent=consent,
            ),
        )

    return told


async def statuses(reader: Reader, who: UUID, learner: UUID) -> set[int]:
    return {(await reader.ask(who, f"/v1/learners/{learner}/{name}")).status_code for name in NAMES}


async def test_a_guardian_reads_the_childs_account_by_consent(
    reader: Reader, bank: Bank, district: District, tell: Tell, guardian: UUID
) -> None:
    child, other = district.students[:2]
    await bank.posted(district.school, item(child, district.course, credits="2.50"))
    assert await statuses(reader, guardian, child) == {404}
    await tell(guardian)
    told = await reader.ok(guardian, f"/v1/learners/{child}/balances")
    assert (told["learner"], told["accounts"][0]["available"]) == (str(child), "2.50")
    lines = (await reader.ok(guardian, f"/v1/learners/{child}/statement"))["items"]
    assert [one["credits"] for one in lines] == ["2.50"]
    assert await statuses(reader, guardian, child) == {200}
    assert await statuses(reader, guardian, other) == {404}
    for consent in ("missing", "refused", "withdrawn"):
        await tell(guardian, consent=consent)
        assert await statuses(reader, guardian, child) == {403}
        refused = await reader.refused(guardian, f"/v1/learners/{child}/balances")
        assert refused == (403, "consent-needed")
        assert await statuses(reader, child, child) == {200}
    await tell(guardian, consent="not-needed")
    assert await statuses(reader, guardian, child) == {200}
    await tell(new_id())
    assert await statuses(reader, guardian, child) == {404}


async def test_nobody_else_reads_an_account(
    reader: Reader, bank: Bank, district: District, database: Database, keys: KeyRing, teacher: UUID
) -> None:
    child = district.students[0]
    staff = {role: new_id() for role in ("registrar", "administrator", "auditor", "assessor", "guardian")}
    await tell_of_people(
        database, keys, *(person(who, (role, district.school)) for role, who in staff.items())
    )
    for who in (*staff.values(), teacher, district.students[1], new_id()):
        assert await statuses(reader, who, child) == {404}
        assert await statuses(reader, who, new_id()) == {404}
    own = bank.issuer.person(child, AUDIENCE, "credits.read")
    wrong = {
        "another audience": (bank.issuer.person(child, "urn:xuebu:spaces", "credits.read"), 401),
        "no scope": (bank.issuer.person(child, AUDIENCE, "spaces.read"), 403),
        "client": (bank.issuer.client(district.school, AUDIENCE, "credits.read credits.post"), 403),
        "bare service": (bank.issuer.client(None, AUDIENCE, "credits.read"), 403),
        "cut": (own[:-4], 401),
    }
    for path in (
        *(f"/v1/learners/{child}/{name}" for name in NAMES),
        *(f"/v1/accounts/me/{name}" for name in NAMES),
    ):
        for kind, (token, status) in wrong.items():
            assert (await bank.client.get(path, headers=bearer(token))).status_code == status, (path, kind)
        assert (await bank.client.get(path)).status_code == 401


async def test_merged_people_keep_guardians_and_guardianship(
    reader: Reader, district: District, database: Database, tell: Tell, guardian: UUID
) -> None:
    child, survivor = district.students[:2]
    new_self = new_id()
    await tell(guardian)

    async def merge(other: UUID, into: UUID) -> None:
        connection = await database.connect()
        async with connection.transaction():
            await people_merged(connection, [as_event({"id": other, "into": into, "version": 50})])
        await connection.close()

    await merge(guardian, new_self)
    assert await statuses(reader, new_self, child) == {200}
    # Of the child's two records the survivor's own news count.
    await merge(child, survivor)
    assert await statuses(reader, new_self, child) == {404}
    assert await statuses(reader, survivor, child) == {200}


@pytest.mark.parametrize("who", ["child", "guardian"])
async def test_nothing_leads_from_the_erased(
    reader: Reader, district: District, database: Database, tell: Tell, guardian: UUID, who: str
) -> None:
    child = district.students[0]
    await tell(guardian)
    connection = await database.connect()
    async with connection.transaction():
        gone = child if who == "child" else guardian
        await people_erased(connection, [as_event({"id": gone, "version": 60})])
    await connection.close()
    assert await statuses(reader, guardian, child) == {404}
    assert not await database.pool.fetchval(
        "select exists (select from learner_guardian where guardian = $1)", guardian
    )
