"""Who was sent statements is told, by ids alone, which are erased and in which somebody is nobody now."""

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from libs.common.database import Database
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District
from tests.integration.creditbank.xapi.conftest import ADMINISTERS, Tool
from tests.integration.creditbank.xapi.receiving import Target, receiving
from tests.integration.creditbank.xapi.statements import statement, stored, voiding
from tests.integration.creditbank.xapi.test_erasure import Erasing, account
from tests.integration.creditbank.xapi.test_pruning import Keeper
from tests.integration.creditbank.xapi.test_subscriptions import PATH, Desk

ALL = "2020-01-01T00:00:00Z"


@pytest.fixture
def target() -> Iterator[Target]:
    with receiving() as found:
        yield found


@pytest.fixture
def desk(
    client: httpx.AsyncClient,
    bank: Bank,
    administrator: UUID,
    district: District,
    app: FastAPI,
    target: Target,
) -> Desk:
    return Desk(client, bank.of_person(administrator, ADMINISTERS), district.school, app, target)


@pytest.fixture
async def erasing(app: FastAPI, database: Database, keys: KeyRing, district: District) -> Erasing:
    return Erasing(app, database, keys, district)


@pytest.fixture
def keeper(app: FastAPI, bank: Bank, district: District, administrator: UUID) -> Keeper:
    return Keeper(app, bank, district.school, administrator)


def told(target: Target, subscription: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """What a webhook was told of statements, but for the statements themselves."""
    bodies = [json.loads(body) for _, _, body in target.received]
    assert all(one["type"] == "statements.stored" or set(one) >= {"ids", "organisation"} for one in bodies)
    return [
        (one["type"], one["ids"])
        for one in bodies
        if one["subscription"] == subscription["id"] and one["type"] != "statements.stored"
    ]


async def sent(desk: Desk, target: Target, subscription: dict[str, Any], count: int) -> None:
    """Work until so many statements have gone out to it."""
    await desk.work(
        subscription["id"],
        lambda: (
            sum(
                len(json.loads(body).get("statements", ()))
                for path, _, body in target.received
                if path == f"/{subscription['name']}"
            )
            >= count
        ),
    )


async def subscribed(desk: Desk, name: str, **changes: Any) -> dict[str, Any]:
    return await desk.subscribe(
        name=name, address=f"{desk.target.address}/{name}", **{"since": ALL, **changes}
    )


async def test_an_erasure_is_told_to_webhooks_that_had_the_statements_and_to_no_others(
    desk: Desk, tool: Tool, erasing: Erasing, target: Target
) -> None:
    who = await erasing.student()
    own, voided = statement(actor=account(who)), statement(actor=account(who))
    taught, other = statement(context={"instructor": account(who)}), statement()
    await stored(tool, own, taught, other, voided)
    void = voiding(voided)
    everything = await subscribed(desk, "everything")
    some = await subscribed(desk, "some", filters={"verb": other["verb"]["id"]})
    store = await subscribed(
        desk, "store", kind="record-store", credential={"username": "u", "password": "p"}
    )
    await sent(desk, target, everything, 4)
    await sent(desk, target, some, 1)
    await desk.work(store["id"], lambda: any(path == "/store/statements" for path, _, _ in target.received))
    late = await subscribed(desk, "late", since="2090-01-01T00:00:00Z")
    await stored(tool, void)
    unsent = statement(actor=account(who))
    await stored(tool, unsent)
    target.received.clear()
    await erasing.erase(who)
    for one in (everything, some, store, late):
        await desk.work(one["id"], lambda: True)
    erased = [("statements.erased", [own["id"], voided["id"]]), ("statements.changed", [taught["id"]])]
    assert sorted(told(target, everything)) == sorted(erased)
    assert {path for path, _, _ in target.received} == {"/everything"}
    secret = base64.b64decode(everything["secret"].removeprefix("whsec_"))
    for _, headers, body in target.received:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        made = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
        assert headers["webhook-signature"] == f"v1,{made}"
        assert str(who) not in body.decode()


async def test_a_subscription_to_the_erased_is_told_before_it_ends(
    desk: Desk, tool: Tool, erasing: Erasing, target: Target, database: Database
) -> None:
    who = await erasing.student()
    own, waiting = statement(actor=account(who)), statement(object=account(who))
    await stored(tool, own)
    made = await subscribed(desk, "person", filters={"agent": account(who)})
    await sent(desk, target, made, 1)
    target.answer = lambda _body: 503
    await stored(tool, waiting)
    await sent(desk, target, made, 2)
    await erasing.erase(who)
    assert (await desk.shown(made["id"]))["status"] == "ending"
    again = await desk.client.patch(f"{PATH}/{made['id']}", json={"status": "active"}, headers=desk.headers)
    assert again.status_code == 409
    target.received.clear()
    await desk.let_time_pass(made["id"])
    await desk.work(made["id"], lambda: len(target.received) == 1)
    target.answer = lambda _body: 200
    await desk.let_time_pass(made["id"])
    await desk.work(made["id"], lambda: len(target.received) >= 3)
    # the try that failed and the one that did not, then the statement that names nobody now
    first = ("statements.erased", [own["id"]])
    assert told(target, made) == [first, first, ("statements.changed", [waiting["id"]])]
    shown = await desk.shown(made["id"])
    assert (shown["status"], [one["act"] for one in shown["changes"]]) == ("ended", ["created", "ended"])
    query = "select sealed = '' from xapi_subscription where id = $1"
    assert await database.pool.fetchval(query, UUID(made["id"]))


async def test_a_pruning_is_told_and_one_that_is_not_taken_becomes_a_dead_letter(
    desk: Desk, tool: Tool, keeper: Keeper, target: Target
) -> None:
    gone, kept = statement(), statement()
    await stored(tool, gone, kept)
    made = await subscribed(desk, "dashboard")
    await sent(desk, target, made, 2)
    target.answer = lambda _body: 400
    await keeper.prune(verb=gone["verb"]["id"])
    await desk.work(made["id"], lambda: bool(told(target, made)))
    assert told(target, made) == [("statements.erased", [gone["id"]])]
    [letter] = await desk.letters(made["id"])
    assert (letter["type"], letter["statements"]) == ("statements.erased", [gone["id"]])
    target.answer = lambda _body: 204
    target.received.clear()
    again = await desk.client.post(f"{PATH}/{made['id']}/dead-letters/send", headers=desk.headers)
    assert again.status_code == 200, again.text
    await desk.work(made["id"], lambda: bool(told(target, made)))
    assert await desk.letters(made["id"]) == []
    assert (await desk.shown(made["id"]))["delivered"] == 2
