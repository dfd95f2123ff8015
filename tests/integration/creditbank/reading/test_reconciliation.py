"""What was told against what stands, and the trial balance."""

import csv
import io
from uuid import uuid4

import asyncpg
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import Part, Terms
from services.creditbank.ledger.service import Ledger
from services.creditbank.tables import Connection
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.reading.test_postings import Registry, posted
from tests.integration.creditbank.sending import HEADER, Files, row
from tests.integration.creditbank.world import District, person, tell_of_people


@pytest.fixture
def registry(bank: Bank, district: District) -> Registry:
    return Registry(bank, district.school)


async def test_what_was_told_is_what_stands_with_every_difference_named(
    registry: Registry, bank: Bank, district: District
) -> None:
    one = item("S-0", "C-1", key="one")
    batch, (first, second) = await posted(registry, one, item("S-1", "C-1", credits="2.00"))
    again = await bank.posted(
        district.school, one, {**one, "credits": "9.00"}, item("S-9", "C-1"), item("S-2", "C-1")
    )
    assert (again["replayed"], again["conflicts"], again["refused"], again["posted"]) == (1, 1, 1, 1)
    await registry.correct(batch, first)
    replacement = {"course": {"sourced_id": "C-1"}, "credits": "3.00", "earned_on": "2026-06-30"}
    await registry.correct(batch, second, replacement)
    (scheme,) = (await registry.ok("reconciliation"))["schemes"]
    assert scheme["told"] == {
        "calls": 3, "posted": 4, "credits": "7.00", "replayed": 1, "conflicts": 1, "refused": 1,
    }  # fmt: skip
    assert scheme["books"] == {
        "entries": 4, "credits": "7.00", "revoked": 2, "revoked_credits": "3.00", "corrected": 1,
        "standing": 2, "standing_credits": "4.00",
    }  # fmt: skip
    assert scheme["agrees"] is True
    calls = (await registry.ok("reconciliation/calls"))["items"]
    assert [(one["posted"], one["revoked"], one["corrected"], one["standing_credits"]) for one in calls] == [
        (1, 0, 0, "3.00"), (1, 0, 0, "1.00"), (2, 2, 1, "0.00"),
    ]  # fmt: skip
    assert all(one["agrees"] for one in calls)
    response = await registry.ask("reconciliation/calls.csv")
    table = list(csv.DictReader(io.StringIO(response.text)))
    assert [one["batch"] for one in table] == [one["batch"] for one in calls]
    assert {one["agrees"] for one in table} == {"true"}
    until = await registry.ok("reconciliation", until=calls[-1]["recorded_at"])
    assert until["schemes"] == []
    only = await registry.ok("reconciliation", **{"from": calls[0]["recorded_at"]})
    assert only["schemes"][0]["told"]["calls"] == 1


async def test_a_lost_entry_shows(registry: Registry, district: District, store: ServiceStore) -> None:
    batch, _ = await posted(registry, item("S-0", "C-1"))
    owner = await asyncpg.connect(store.migrations_database)
    await owner.execute("update deposit_batch set posted = 2, amount = 300 where id = $1", batch)
    try:
        (scheme,) = (await registry.ok("reconciliation"))["schemes"]
        assert (scheme["agrees"], scheme["told"]["posted"], scheme["books"]["entries"]) == (False, 2, 1)
        (call,) = (await registry.ok("reconciliation/calls"))["items"]
        assert call["agrees"] is False
    finally:
        await owner.execute("update deposit_batch set posted = 1, amount = 100 where id = $1", batch)
        await owner.close()


@pytest.mark.parametrize("atomic", [False, True])
async def test_a_file_then_and_now(
    registry: Registry,
    bank: Bank,
    district: District,
    files: Files,
    database: Database,
    keys: KeyRing,
    atomic: bool,
) -> None:
    rows = [
        row("S-0", key="a", grade="=1"),
        row("S-1", key="b"),
        row("S-2", key="c"),
        row("S-7", key="d"),
        row("S-8", key="e"),
    ]
    bad = [] if atomic else [row("S-0", course="C-9", key="f")]
    done = await files.done(HEADER + "".join(rows + bad), suspend_unknown=True, atomic=atomic)
    assert (done["posted"], done["suspended"]) == (3, 2), done
    items = {one["key"]: one for one in await files.items(done["id"])}
    batch = (await registry.ok("postings", key="a"))["items"][0]["batch"]
    await registry.correct(batch, items["a"]["entry"])
    replacement = {"course": {"sourced_id": "C-1"}, "credits": "3.00", "earned_on": "2026-06-30"}
    await registry.correct(batch, items["b"]["entry"], replacement)
    late = new_id()
    known = [{"organisation": district.district, "sourced_id": "S-7"}]
    await tell_of_people(database, keys, person(late, ("student", district.school), identifiers=known))
    async with database.pool.acquire() as connection:
        await connection.execute(
            "update suspense set due = true, news = news + 1 where institution = $1", district.school
        )
    await files.app.state.file_worker.work_through()
    response = await bank.client.get(f"/v1/deposit-files/{done['id']}/items.csv", headers=files.headers)
    assert response.status_code == 200, response.text
    table = {one["key"]: one for one in csv.DictReader(io.StringIO(response.text))}
    assert {key: (one["outcome"], one["stands"]) for key, one in table.items()} == {
        "a": ("posted", "revoked"),
        "b": ("posted", "corrected"),
        "c": ("posted", "standing"),
        "d": ("suspended", "claimed"),
        "e": ("suspended", "waiting"),
    } | ({} if atomic else {"f": ("refused", "")})
    assert (table["a"]["grade"], table["c"]["by"]) == ("'=1", "")
    (scheme,) = (await registry.ok("reconciliation"))["schemes"]
    assert scheme["suspense"] == {
        "suspended": 2, "waiting": 1, "claimed": 1, "refused": 0, "withdrawn": 0, "erased": 0,
    }  # fmt: skip
    calls = (await registry.ok("reconciliation/calls"))["items"]
    assert sum(one["claimed"] for one in calls) == 1
    assert [one["file"] for one in calls if one["batch"] == batch] == [done["id"]]
    for headers, status in (
        (bank.of_client(district.other_school), 404),
        (bank.of_person(district.students[0]), 404),
        ({}, 401),
    ):
        address = f"/v1/deposit-files/{done['id']}/items.csv"
        assert (await bank.client.get(address, headers=headers)).status_code == status
    assert (
        await bank.client.get(f"/v1/deposit-files/{uuid4()}/items.csv", headers=files.headers)
    ).status_code == 404


async def test_the_trial_balance_is_zero_with_everything_in_its_account(
    registry: Registry,
    district: District,
    database: Database,
    ledger: Ledger,
    connection: Connection,
    store: ServiceStore,
) -> None:
    owner = await asyncpg.connect(store.migrations_database)
    await owner.execute(
        "insert into scheme (id, code, title_en, title_zh, decimals)"
        " values (950, 'test:trial', 'Other', '另一种', 2) on conflict do nothing"
    )
    await owner.close()
    assert (await registry.ok("trial-balance"))["schemes"] == []
    batch, (gone, _, _) = await posted(registry, *(item("S-0", "C-1", credits=f"{n}.00") for n in (1, 2, 3)))
    await registry.correct(batch, gone)
    number = await database.pool.fetchval("select number from learner where id = $1", district.students[0])
    await ledger.redeem(connection, number, 1, [Part(2, 50)], key="r")
    terms = Terms(new_id(), 2, 3)
    await ledger.convert(
        connection, number, 1, [Part(3, 100)], to_scheme=950, issued=[66], rounding=2, rule=terms, key="c"
    )
    told = await registry.ok("trial-balance")
    assert [(one["scheme"], one["lots"], one["sum"], one["balanced"]) for one in told["schemes"]] == [
        ("test:trial", 1, "0.00", True),
        ("xuebu:credits", 3, "0.00", True),
    ]
    accounts = [{one["account"]: one["credits"] for one in scheme["accounts"]} for scheme in told["schemes"]]
    converted = {name: amount for name, amount in accounts[0].items() if amount != "0.00"}
    assert converted == {"converted_in": "-0.66", "available": "0.66"}
    spent = {name: amount for name, amount in accounts[1].items() if amount != "0.00"}
    assert spent == {
        "issued": "-6.00", "available": "3.50", "redeemed": "0.50", "converted": "1.00", "revoked": "1.00",
    }  # fmt: skip
