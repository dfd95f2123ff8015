"""The audit: chained, for ever, and shown to whom it concerns; attacks 76 and 78."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.auth.audit.service import verify_chain
from services.auth.bootstrap import Platform, prepare
from tests.integration.auth.places import PASSWORD, Place, document


@pytest.fixture
async def store(
    fresh_database: Callable[[str], ServiceStore],
) -> AsyncIterator[tuple[Database, ServiceStore]]:
    """A database of its own with a few rows of audit."""
    store = fresh_database("auth")
    database = await Database(store.database).start()
    for name in ("one", "two"):
        await prepare(database, Platform.model_validate(document(name)))
    yield database, store
    await database.stop()


async def test_the_chain_holds(auth_app: FastAPI, here: Place) -> None:
    assert await verify_chain(auth_app.state.database.pool) is None


@pytest.mark.parametrize(
    "statement",
    [
        "update audit set action = 'x'",
        "delete from audit",
        "truncate audit",
        "alter table audit disable trigger all",
        "drop table audit",
        "create or replace function audit_hash(row_before bytea, entry audit) returns bytea language sql"
        " stable as $$ select ''::bytea $$",
    ],
)
async def test_attack_78_the_service_cannot_change_a_row(
    store: tuple[Database, ServiceStore], statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await store[0].pool.execute(statement)


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("update audit set action = 'x' where position = 2", 2),
        ("update audit set organisation_id = null where position = 3", 3),
        ("update audit set time = time + interval '1 microsecond' where position = 1", 1),
        ("update audit set data = '{\"a\": 1}' where position = 4", 4),
        ("delete from audit where position = 2", 3),
        ("delete from audit where position = 1", 2),
    ],
)
async def test_attack_78_the_check_finds_what_others_changed(
    store: tuple[Database, ServiceStore], statement: str, position: int
) -> None:
    database, addresses = store
    assert await verify_chain(database.pool) is None
    owner = await asyncpg.connect(addresses.migrations_database)
    await owner.execute(statement)
    await owner.close()
    assert await verify_chain(database.pool) == position


async def test_a_writer_cannot_forge_its_place(store: tuple[Database, ServiceStore]) -> None:
    database, _ = store
    await database.pool.execute(
        "insert into audit (position, action, actor_kind, data, previous, hash)"
        " values (1, 'x', 'system', '{}', 'forged', 'forged')"
    )
    assert await verify_chain(database.pool) is None


async def test_who_reads_the_audit(here: Place, place: Any) -> None:
    elsewhere = await place()
    school = await here.organisation()
    pupil = await here.somebody(school)
    teacher = await here.somebody(school, "teacher")
    about_school = await here.admin.http.get("/v1/audit", params={"organisation": str(here.root)})
    actions = [one["action"] for one in about_school.json()["items"]]
    assert {"organisation.created", "person.created", "account.activation_code_issued"} <= set(actions)
    for who, status in [(teacher, 403), (pupil, 403), (elsewhere.admin, 404)]:
        answer = await who.http.get("/v1/audit", params={"organisation": str(school)})
        assert answer.status_code == status
    mine = (await pupil.http.get("/v1/audit")).json()["items"]
    assert {one["subject"] for one in mine} == {str(pupil.id)}
    assert [one["action"] for one in mine] == [
        "tokens.granted",
        "application.signed_in",
        "session.started",
        "account.activated",
        "account.activation_code_issued",
        "person.created",
    ]


async def test_the_audit_comes_in_pages_newest_first(here: Place) -> None:
    for number in range(5):
        await here.organisation(name=f"School {number}")
    positions: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        parameters = {"organisation": str(here.root), "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await here.admin.http.get("/v1/audit", params=parameters)).json()
        positions += [one["position"] for one in page["items"]]
        cursor = page["next"]
    assert positions == sorted(positions, reverse=True)
    assert len(positions) == len(set(positions)) >= 6


async def test_attack_76_nothing_secret_is_remembered(here: Place, auth_app: FastAPI) -> None:
    school = await here.organisation(name="Whisper")
    pupil = await here.somebody(school)
    client = await here.client(school, "credits.post")
    rows = await auth_app.state.database.pool.fetch("select data::text from audit")
    text = " ".join(row[0] for row in rows)
    for secret in (PASSWORD, client["client_secret"], pupil.username, "Whisper", "Chen"):
        assert secret not in text
