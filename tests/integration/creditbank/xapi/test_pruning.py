"""Pruning by age and by query: counted first, then in batches; nothing seems valid that was void."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log.commands import CommandFailed
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.bulk.commands import export_statements, import_statements
from services.creditbank.xapi.removals import pruning
from services.creditbank.xapi.removals.commands import erase, prune
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District, person, tell_of_people
from tests.integration.creditbank.xapi.conftest import ADMINISTERS, Tool
from tests.integration.creditbank.xapi.statements import (
    PATH,
    about,
    agent,
    fresh,
    ids,
    one,
    statement,
    stored,
    voiding,
)

PRUNINGS, OPERATIONS = "/v1/xapi-prunings", "/v1/xapi-operations"


class Keeper:
    """The school's administrator, who looks after its store, and the worker."""

    def __init__(self, app: FastAPI, bank: Bank, school: UUID, who: UUID) -> None:
        self.app, self.client, self.school, self.who = app, bank.client, school, who
        self.headers = bank.of_person(who, ADMINISTERS)

    async def preview(self, **filters: Any) -> dict[str, int]:
        answer = await self.post("/preview", filters)
        assert answer.status_code == 200, answer.text
        found: dict[str, int] = answer.json()
        return found

    async def prune(self, **filters: Any) -> dict[str, Any]:
        """Begin one and have it done; the operation as it ended."""
        answer = await self.post("", filters)
        assert answer.status_code == 202, answer.text
        begun = answer.json()
        assert (begun["statements"], begun["ended_at"]) == (0, None)
        while await self.app.state.remover.work():
            pass
        return next(each for each in await self.operations() if each["id"] == begun["id"])

    async def post(self, path: str, filters: dict[str, Any]) -> httpx.Response:
        body = {"organisation": str(self.school), "filters": filters}
        return await self.client.post(PRUNINGS + path, json=body, headers=self.headers)

    async def operations(self) -> list[dict[str, Any]]:
        answer = await self.client.get(
            OPERATIONS, params={"organisation": str(self.school)}, headers=self.headers
        )
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


@pytest.fixture
def keeper(app: FastAPI, bank: Bank, district: District, administrator: UUID) -> Keeper:
    return Keeper(app, bank, district.school, administrator)


async def test_the_preview_tells_what_the_pruning_then_does(
    keeper: Keeper, tool: Tool, elsewhere: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "MOST", 3)
    verb = {"id": fresh("verb")}
    gone = [statement(verb=verb) for _ in range(7)]
    kept, foreign = [statement() for _ in range(3)], statement(verb=verb)
    comment = about(gone[0])
    await stored(tool, *gone, *kept, comment)
    await stored(elsewhere, foreign)
    assert await keeper.preview(verb=verb["id"]) == {"statements": 7, "kept": 0}
    assert len(await ids(tool)) == 11
    done = await keeper.prune(verb=verb["id"])
    assert (done["kind"], done["statements"], done["kept"]) == ("pruning", 7, 0)
    assert (done["by"], done["filters"]) == (str(keeper.who), {"verb": verb["id"]})
    assert done["ended_at"] is not None
    assert set(await ids(tool)) == {each["id"] for each in (*kept, comment)}
    assert await ids(tool, verb=verb["id"]) == []
    assert await ids(elsewhere) == [foreign["id"]]
    assert await stored(tool, gone[0]) == [gone[0]["id"]]
    assert set(await ids(tool, verb=verb["id"])) == {gone[0]["id"], comment["id"]}


async def test_by_age_activity_and_agent_together(keeper: Keeper, tool: Tool) -> None:
    who, what = agent(), {"id": fresh("activity")}
    old, new = "2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    meant = statement(actor=who, object=what, timestamp=old)
    others = [
        statement(actor=who, object=what, timestamp=new),
        statement(actor=who, timestamp=old),
        statement(object=what, timestamp=old),
    ]
    await stored(tool, meant, *others)
    filters = {"agent": who, "activity": what["id"], "happened_before": "2021-01-01T00:00:00+08:00"}
    assert (await keeper.preview(**filters))["statements"] == 1
    await keeper.prune(**filters)
    assert set(await ids(tool)) == {each["id"] for each in others}
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert (await keeper.prune(stored_before=past))["statements"] == 0
    future = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert (await keeper.prune(stored_before=future))["statements"] == 3
    assert await ids(tool) == []


async def test_what_voids_goes_with_what_is_void_and_not_before(keeper: Keeper, tool: Tool) -> None:
    verb = {"id": fresh("verb")}
    void, plain = statement(verb=verb), statement()
    of_void = voiding(void)
    late = voiding(plain)
    await stored(tool, void, plain)
    await stored(tool, of_void, late)
    everything_that_voids = {"verb": "http://adlnet.gov/expapi/verbs/voided"}
    assert await keeper.preview(**everything_that_voids) == {"statements": 0, "kept": 0}
    assert (await keeper.prune(**everything_that_voids))["statements"] == 0
    assert (await one_voided(tool, void["id"])) == 200
    assert await keeper.preview(verb=verb["id"]) == {"statements": 2, "kept": 0}
    assert (await keeper.prune(verb=verb["id"]))["statements"] == 2
    assert await ids(tool) == [late["id"]]
    assert (await one_voided(tool, void["id"])) == 404
    assert (await one_voided(tool, plain["id"])) == 200


async def test_evidence_of_credits_is_kept_and_counted(
    keeper: Keeper, tool: Tool, database: Database
) -> None:
    verb = {"id": fresh("verb")}
    posted, refused, plain = [statement(verb=verb) for _ in range(3)]
    await stored(tool, posted, refused, plain)
    for state, evidence in (("posted", posted), ("refused", refused)):
        claim = new_id()
        await database.pool.execute(
            "insert into xapi_claim (id, organisation, code, learner, rule, state, batch, earned_on)"
            " values ($1, $2, $3, 1, $1, $3, $4, now())",
            *(claim, keeper.school, state, claim if state == "posted" else None),
        )
        await database.pool.execute(
            "insert into xapi_evidence (claim, condition, organisation, statement, position, digest)"
            " values ($1, 1, $2, $3, 1, '')",
            *(claim, keeper.school, UUID(evidence["id"])),
        )
    assert await keeper.preview(verb=verb["id"]) == {"statements": 2, "kept": 1}
    done = await keeper.prune(verb=verb["id"])
    assert (done["statements"], done["kept"]) == (2, 1)
    assert await ids(tool) == [posted["id"]]


async def one_voided(tool: Tool, identifier: str) -> int:
    return (await tool.get(PATH, params={"voidedStatementId": identifier})).status_code


async def test_who_may_prune_and_by_what(
    keeper: Keeper, bank: Bank, tool: Tool, district: District, keys: KeyRing, database: Database
) -> None:
    teacher, stranger, registrar = new_id(), new_id(), new_id()
    await tell_of_people(
        database,
        keys,
        person(teacher, ("teacher", district.school)),
        person(registrar, ("registrar", district.school)),
        person(stranger, ("administrator", district.other_school)),
    )
    await stored(tool, statement())
    body = {"organisation": str(district.school), "filters": {"verb": fresh("verb")}}
    for who, status in ((teacher, 404), (stranger, 404), (registrar, 403)):
        headers = bank.of_person(who, ADMINISTERS)
        for path in (PRUNINGS, f"{PRUNINGS}/preview"):
            assert (await bank.client.post(path, json=body, headers=headers)).status_code == status
        shown = await bank.client.get(
            OPERATIONS, params={"organisation": str(district.school)}, headers=headers
        )
        assert shown.status_code == status
    reading = bank.of_person(keeper.who, "credits.read")
    assert (await bank.client.post(PRUNINGS, json=body, headers=reading)).status_code == 403
    wrong: tuple[dict[str, Any], ...] = (
        {},
        {"verb": None},
        {"verb": "no iri"},
        {"agent": {}},
        {"who": 1},
        {"stored_before": "2020-01-01"},
    )
    for filters in wrong:
        answer = await keeper.post("", filters)
        assert answer.status_code == 422, filters
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert len(await ids(tool)) == 1


async def test_operators_prune_and_erase_by_command_and_count_first(
    settings: CreditbankSettings, keeper: Keeper, tool: Tool, capsys: pytest.CaptureFixture[str]
) -> None:
    who, verb = agent(), {"id": fresh("verb")}
    own, by_other = statement(actor=who), statement(object=who)
    old = statement(verb=verb)
    await stored(tool, own, by_other, old)
    named, by_verb = json.dumps(who), {"verb": verb["id"]}
    assert await prune(settings, keeper.school, by_verb, remove=False) == (1, 0)
    assert await erase(settings, keeper.school, named, remove=False) == 2
    assert "1 statements" in capsys.readouterr().out
    assert len(await ids(tool)) == 3
    await prune(settings, keeper.school, by_verb, remove=True)
    await erase(settings, keeper.school, named, remove=True)
    assert await ids(tool) == [by_other["id"]]
    assert (await one(tool, by_other["id"]))["object"]["account"]["homePage"].endswith("/xapi/erased")
    told = [
        (each["kind"], each["by"], each["statements"], each["renamed"]) for each in await keeper.operations()
    ]
    assert sorted(told) == [("erasure", None, 1, 1), ("pruning", None, 1, 0)]
    for wrong in (
        prune(settings, keeper.school, {}, remove=True),
        erase(settings, keeper.school, "{}", remove=True),
    ):
        with pytest.raises(CommandFailed):
            await wrong
    with pytest.raises(CommandFailed, match="knows no organisation"):
        await prune(settings, uuid4(), by_verb, remove=True)


async def test_a_pruning_that_names_an_erased_agent_names_nobody_afterwards(
    settings: CreditbankSettings, keeper: Keeper, tool: Tool
) -> None:
    who = agent()
    await stored(tool, statement(actor=who))
    await keeper.prune(agent=who)
    await erase(settings, keeper.school, json.dumps(who), remove=True)
    [shown] = await keeper.operations()
    assert shown["filters"]["agent"]["account"]["homePage"].endswith("/xapi/erased")


async def test_imports_and_exports_by_operators_are_on_record(
    settings: CreditbankSettings, keeper: Keeper, tmp_path: Path
) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in (statement(), statement(), {"no": 1})))
    with pytest.raises(CommandFailed, match="Line 3"):
        await import_statements(settings, keeper.school, str(file))
    await export_statements(settings, keeper.school, str(tmp_path / "out.jsonl"))
    exported, imported = await keeper.operations()
    assert (exported["kind"], exported["statements"], exported["by"]) == ("export", 2, None)
    assert exported["filters"]["stored_before"]
    assert (imported["kind"], imported["statements"], imported["refused"]) == ("import", 2, 1)
    assert imported["ended_at"]
    assert exported["ended_at"]
