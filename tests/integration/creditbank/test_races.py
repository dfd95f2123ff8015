"""Writers at once, on real commits: no deadlock, nothing doubled, the books hold."""

import asyncio
import random
from collections import Counter
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.books.service import audit
from services.creditbank.deposits.rules import Answers, Call, Item, Refused
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.coalescer import Coalescer
from tests.integration.creditbank.world import District, make_district, person, tell_of_people


def call(district: District, *items: Item) -> Call:
    return Call(new_id(), district.school, district.school, "test", "xuebu:credits", list(items))


def item(district: District, learner: UUID, key: str, attempt: str | None = None, amount: int = 100) -> Item:
    return Item(key, learner, None, district.course, None, attempt, amount, None, date(2026, 6, 30))


def outcomes(results: list[Answers | Refused]) -> Counter[str]:
    return Counter(
        answer.outcome for result in results if isinstance(result, Answers) for answer in result.items
    )


@pytest.fixture
def desk(database: Database, keys: KeyRing) -> PostingDesk:
    return PostingDesk(database, keys)


async def _available(database: Database, learner: UUID) -> int:
    found = await database.pool.fetchval("select available from account where person = $1", learner)
    return int(found)


async def test_the_same_key_at_once_is_posted_once(
    desk: PostingDesk, database: Database, district: District
) -> None:
    one = item(district, district.students[0], "k")
    results = await asyncio.gather(*(desk.post([call(district, one)]) for _ in range(12)))
    answers = [result[0].items[0] for result in results if isinstance(result[0], Answers)]
    assert Counter(answer.outcome for answer in answers) == {"posted": 1, "replayed": 11}
    assert len({str(answer.entry) for answer in answers}) == 1
    assert await _available(database, district.students[0]) == 100


async def test_the_same_attempt_at_once_is_posted_once(
    desk: PostingDesk, database: Database, district: District
) -> None:
    learner = district.students[0]
    results = await asyncio.gather(
        *(desk.post([call(district, item(district, learner, f"k{n}", "2026"))]) for n in range(12))
    )
    assert outcomes([result[0] for result in results]) == {"posted": 1, "refused": 11}


async def test_overlapping_batches_in_any_order_neither_deadlock_nor_lose(
    desk: PostingDesk, database: Database, keys: KeyRing
) -> None:
    district = await make_district(database, keys, students=40)
    random_order = random.Random(4)  # noqa: S311  a test's own order
    posts = []
    for batch in range(12):
        chosen = random_order.choices(district.students, k=60)
        posts.append(call(district, *(item(district, who, f"{batch}-{n}") for n, who in enumerate(chosen))))
    results = await asyncio.gather(*(desk.post([one]) for one in posts))
    assert outcomes([result[0] for result in results]) == {"posted": 720}
    total = await database.pool.fetchval(
        "select sum(available) from account where person = any($1)", district.students
    )
    assert total == 72_000


async def test_the_first_credits_of_one_person_at_once_open_one_account(
    desk: PostingDesk, database: Database, keys: KeyRing, district: District
) -> None:
    learner = new_id()
    await tell_of_people(database, keys, person(learner, ("teacher", district.school)))
    results = await asyncio.gather(
        *(desk.post([call(district, item(district, learner, f"k{n}"))]) for n in range(8))
    )
    assert outcomes([result[0] for result in results]) == {"posted": 8}
    assert await _available(database, learner) == 800


async def test_single_calls_are_merged_and_each_gets_its_own_answer(
    desk: PostingDesk, district: District
) -> None:
    sizes: list[int] = []

    async def counted(calls: object) -> object:
        assert isinstance(calls, list)
        sizes.append(len(calls))
        return await desk.post(calls)

    coalescer: Coalescer[Call, Answers | Refused] = Coalescer(counted, limit=1_000, workers=1)  # type: ignore[arg-type]
    stranger = District()
    calls = [call(district, item(district, district.students[n % 3], f"k{n}")) for n in range(60)]
    calls[30] = call(stranger, item(stranger, district.students[0], "k"))
    results = await asyncio.gather(*(coalescer.call(one, 1) for one in calls))
    assert sum(sizes) == 60
    assert len(sizes) < 10
    assert results[30] == Refused("unknown")
    assert outcomes(results) == {"posted": 59}
    entries = {str(result.items[0].entry) for result in results if isinstance(result, Answers)}
    assert len(entries) == 59


async def test_a_repeated_call_names_its_first_batch_whatever_comes_beside_it(
    desk: PostingDesk, district: District
) -> None:
    first, second, third = district.students
    one = call(district, item(district, first, "k1"), item(district, second, "k2"))
    (told,) = await desk.post([one])
    again = one._replace(id=new_id())
    fresh = call(district, item(district, third, "k3"))
    beside = await desk.post([again, fresh])
    assert isinstance(told, Answers)
    assert isinstance(beside[0], Answers)
    assert isinstance(beside[1], Answers)
    assert [one.outcome for one in beside[0].items] == ["replayed"] * 2
    assert (told.batch, beside[0].batch, beside[1].batch) == (one.id, one.id, fresh.id)
    part = call(district, item(district, first, "k1"), item(district, second, "k4"))
    (mixed,) = await desk.post([part])
    assert isinstance(mixed, Answers)
    assert mixed.batch == part.id


async def test_what_the_database_refuses_is_set_apart_from_its_neighbours(
    desk: PostingDesk, database: Database, district: District
) -> None:
    """A lot of nothing breaks a constraint. The schema never lets it through; the desk must stand it."""
    coalescer: Coalescer[Call, Answers | Refused] = Coalescer(desk.post, limit=1_000, workers=1)
    calls = [call(district, item(district, district.students[0], f"k{n}", amount=100)) for n in range(9)]
    calls[4] = call(district, item(district, district.students[0], "bad", amount=0))
    results = await asyncio.gather(*(coalescer.call(one, 1) for one in calls), return_exceptions=True)
    assert isinstance(results[4], Exception)
    assert outcomes([one for one in results if isinstance(one, Answers)]) == {"posted": 8}
    assert await _available(database, district.students[0]) == 800


async def test_a_writer_killed_in_the_middle_leaves_nothing(
    desk: PostingDesk, database: Database, store: ServiceStore, district: District
) -> None:
    owner = await asyncpg.connect(store.migrations_database)
    lock = owner.transaction()
    await lock.start()
    await owner.execute("select from account where person = $1 for update", district.students[2])
    one = call(district, *(item(district, who, f"k-{who}") for who in district.students))
    posting = asyncio.create_task(desk.post([one]))
    # It has locked the first two accounts, waits for the third, and is then cut off.
    waiting = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    while not await database.pool.fetchval(f"select count(*) {waiting}"):
        await asyncio.sleep(0.01)
    await database.pool.execute(f"select pg_terminate_backend(pid) {waiting}")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await posting
    await lock.rollback()
    await owner.close()
    assert await _available(database, district.students[0]) == 0
    (answers,) = await desk.post([one])
    assert outcomes([answers]) == {"posted": 3}


async def test_the_books_hold_after_all_this(database: Database, keys: KeyRing) -> None:
    connection = await database.connect()
    assert await audit(connection, keys) == []
    await connection.close()
