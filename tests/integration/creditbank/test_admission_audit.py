"""The audit of files, claims and standings names what was altered."""

import asyncpg
import pytest

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from services.creditbank.books.admission import ADMISSION
from tests.integration.creditbank.sending import HEADER, Files, row

BREAKS: list[tuple[int, str]] = [
    (0, "update posting_item set entry = gen_random_uuid() where file = $1"),
    (0, "update posting_item set learner = learner + 1000000 where file = $1"),
    (1, "update posting_file set posted = posted + 1 where id = $1"),
    (3, "update posting_file set needs_approval = true where id = $1"),
]


@pytest.mark.parametrize(("number", "act"), BREAKS, ids=str)
async def test_what_was_altered_is_found(
    files: Files, database: Database, store: ServiceStore, number: int, act: str
) -> None:
    done = await files.done(HEADER + row("S-0") + row("S-9") + row("S-1"), suspend_unknown=True)
    owner = await asyncpg.connect(store.migrations_database)
    query = f"select count(*) from ({ADMISSION[number].query}) broken"
    try:
        before = await owner.fetchval(query)
        broken = owner.transaction()
        await broken.start()
        await owner.execute(act, done["id"])
        assert await owner.fetchval(query) > before
        await broken.rollback()
        assert before == 0
    finally:
        await owner.close()
