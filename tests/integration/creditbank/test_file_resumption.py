"""A file may be cut anywhere: its process, its connection, the answer to a part."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from libs.common.database import Database
from services.creditbank.files import repository
from services.creditbank.files.rules import Judged
from services.creditbank.files.working import FileWork
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.sending import HEADER, Files, available, row
from tests.integration.creditbank.world import District


class Cut(Exception):
    """The process ended here."""


def _content(parts: int) -> str:
    return HEADER + "".join(row(f"S-{n % 3}") for n in range(1000 * (parts - 1) + 5))


async def _resumed(files: Files, sent: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(Cut):
        await files.app.state.file_worker.work_through()
    await files.app.state.file_worker.work_through()
    return await files.shown(sent["id"])


@pytest.mark.parametrize("place", ["stage", "will_post", "report", "end"])
async def test_a_file_cut_between_its_steps_ends_as_if_it_had_not_been(
    bank: Bank, district: District, files: Files, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """`report` is the hard one: the part is posted, and nobody heard of it."""
    whole = getattr(repository, place)
    calls = 0

    async def cut(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == (1 if place == "end" else 2):
            raise Cut
        return await whole(*arguments)

    sent = await files.send(_content(parts=3))
    monkeypatch.setattr(repository, place, cut)
    done = await _resumed(files, sent)
    assert (done["state"], done["items"], done["posted"], done["replayed"]) == ("posted", 2005, 2005, 0)
    assert done["done"] == done["total"] == 2005
    assert await available(bank, district.students[0]) == "669.00"


async def test_a_row_twice_in_the_part_that_was_cut_is_posted_once_and_told_again_once(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = repository.report
    told: list[Sequence[Judged]] = []

    async def cut(connection: Any, file: Any, answers: Sequence[Judged]) -> None:
        told.append(answers)
        if len(told) == 1:
            raise Cut
        await whole(connection, file, answers)

    monkeypatch.setattr(repository, "report", cut)
    line = row()
    sent = await files.send(HEADER + line + line)
    done = await _resumed(files, sent)
    assert (done["posted"], done["replayed"]) == (1, 1)
    assert [one.outcome for one in told[0]] == [one.outcome for one in told[1]] == ["posted", "replayed"]


async def test_all_or_nothing_cut_in_the_middle_has_posted_nothing(
    bank: Bank, district: District, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = repository.named
    calls = 0

    async def cut(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            assert await available(bank, district.students[0]) == "0.00"
            raise Cut
        return await whole(*arguments)

    sent = await files.send(_content(parts=3), atomic=True)
    monkeypatch.setattr(repository, "named", cut)
    done = await _resumed(files, sent)
    assert (done["state"], done["posted"], done["done"], done["total"]) == ("posted", 2005, 2005, 2005)
    assert await available(bank, district.students[0]) == "669.00"


async def test_progress_is_visible_while_a_file_is_posted(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, int]] = []
    whole = repository.next_part

    async def watched(connection: Any, file: Any, after: int, most: int) -> Any:
        shown = await files.shown(str(file))
        seen.append((shown["state"], shown["done"], shown["total"]))
        return await whole(connection, file, after, most)

    monkeypatch.setattr(repository, "next_part", watched)
    await files.done(_content(parts=3))
    assert seen == [("posting", done, 2005) for done in (0, 1000, 2000, 2005)]


async def test_a_file_whose_workers_always_die_is_given_up_and_may_be_sent_again(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(_work: FileWork) -> str:
        raise Cut

    content = HEADER + row()
    sent = await files.send(content)
    with monkeypatch.context() as broken:
        broken.setattr(FileWork, "_read", cut)
        for _ in range(3):
            with pytest.raises(Cut):
                await files.app.state.file_worker.work_through()
        await files.app.state.file_worker.work_through()
    assert (await files.shown(sent["id"]))["state"] == "failed"
    assert (await files.done(content))["posted"] == 1


async def test_two_workers_do_not_take_the_same_file(files: Files, database: Database) -> None:
    sent = await files.send(HEADER + row())
    first, second = await database.connect(), await database.connect()
    assert await repository.take(first, sent["id"]) is not None
    assert await repository.take(second, sent["id"]) is None
    await first.close()
    await second.close()
    await files.app.state.file_worker.work_through()
    assert (await files.shown(sent["id"]))["posted"] == 1


async def test_an_institution_that_may_post_no_more_stops_where_it_is(
    district: District, files: Files, database: Database, keys: KeyRing, store: Any
) -> None:
    sent = await files.send(HEADER + row())
    owner = await asyncpg.connect(store.migrations_database)
    await owner.execute("update institution set standing = 'suspended' where id = $1", district.school)
    await files.app.state.file_worker.work_through()
    shown = await files.shown(sent["id"])
    assert (shown["state"], shown["refusal"], shown["posted"]) == ("refused", "not_registered", 0)
    await owner.close()
