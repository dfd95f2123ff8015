"""Statements sent on: in order, signed, tried again, given up, and never where they may not go."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.xapi.subscriptions.delivering import Deliverer
from services.creditbank.xapi.subscriptions.rules import MOST_ATTEMPTS, MOST_STATEMENTS
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.world import District
from tests.integration.creditbank.xapi.conftest import ADMINISTERS, Tool
from tests.integration.creditbank.xapi.receiving import Target, receiving
from tests.integration.creditbank.xapi.statements import agent, statement, stored, voiding

PATH = "/v1/xapi-subscriptions"


@pytest.fixture
def target() -> Iterator[Target]:
    with receiving() as found:
        yield found


class Desk:
    """The school's administrator, and the worker that delivers for one subscription."""

    def __init__(
        self, client: httpx.AsyncClient, headers: dict[str, str], school: UUID, app: FastAPI, target: Target
    ) -> None:
        self.client, self.headers, self.school, self.app, self.target = client, headers, school, app, target

    async def post(self, **changes: Any) -> httpx.Response:
        body = {
            "organisation": str(self.school),
            "name": "Dashboard",
            "kind": "webhook",
            "address": f"{self.target.address}/hook?a=1",
            **changes,
        }
        return await self.client.post(PATH, json=body, headers=self.headers)

    async def subscribe(self, **changes: Any) -> dict[str, Any]:
        answer = await self.post(**changes)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def shown(self, subscription: str) -> dict[str, Any]:
        answer = await self.client.get(PATH, params={"organisation": str(self.school)}, headers=self.headers)
        return next(one for one in answer.json()["items"] if one["id"] == subscription)

    async def letters(self, subscription: str) -> list[dict[str, Any]]:
        answer = await self.client.get(f"{PATH}/{subscription}/dead-letters", headers=self.headers)
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def work(self, subscription: str, until: Callable[[], bool] = lambda: False) -> None:
        """Deliver until there is nothing to do, and (since a millisecond may be open) `until` holds."""
        deliverer: Deliverer = self.app.state.deliverer
        for _ in range(1000):
            if not await deliverer.work(UUID(subscription)) and until():
                return
        raise AssertionError("it never came to an end")

    async def let_time_pass(self, subscription: str) -> None:
        database: Database = self.app.state.database
        await database.pool.execute(
            "update xapi_subscription set next_at = now() where id = $1", UUID(subscription)
        )

    def sent(self) -> list[str]:
        """Ids of statements in the order they came."""
        bodies = [json.loads(body) for _, _, body in self.target.received]
        return [
            one["id"] for body in bodies for one in (body["statements"] if isinstance(body, dict) else body)
        ]


@pytest.fixture
async def desk(
    client: httpx.AsyncClient,
    bank: Bank,
    administrator: UUID,
    district: District,
    app: FastAPI,
    target: Target,
) -> Desk:
    return Desk(client, bank.of_person(administrator, ADMINISTERS), district.school, app, target)


async def test_a_webhook_gets_everything_once_in_order_and_signed(desk: Desk, tool: Tool) -> None:
    before = statement()
    await stored(tool, before)
    made = await desk.subscribe(since="2020-01-01T00:00:00Z")
    many = [statement() for _ in range(MOST_STATEMENTS + 5)]
    for begin in range(0, len(many), 50):
        await stored(tool, *many[begin : begin + 50])
    expected = [before["id"], *(one["id"] for one in many)]
    await desk.work(made["id"], lambda: len(desk.sent()) >= len(expected))
    assert desk.sent() == expected
    path, headers, body = desk.target.received[0]
    assert path == "/hook?a=1"
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected_signature = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{expected_signature}"
    shown = await desk.shown(made["id"])
    assert (shown["delivered"], shown["last_error"], shown["dead_letters"]) == (len(expected), None, 0)
    assert "secret" not in shown


async def test_only_what_the_filters_name_is_sent(desk: Desk, tool: Tool, elsewhere: Tool) -> None:
    who, wanted, void = agent(), statement(), statement()
    verb, thing = wanted["verb"]["id"], wanted["object"]["id"]
    made = {
        "verb": await desk.subscribe(filters={"verb": verb}, since="2020-01-01T00:00:00Z"),
        "activity": await desk.subscribe(filters={"activity": thing}, since="2020-01-01T00:00:00Z"),
        "agent": await desk.subscribe(filters={"agent": who}, since="2020-01-01T00:00:00Z"),
        "both": await desk.subscribe(filters={"verb": verb, "agent": who}, since="2020-01-01T00:00:00Z"),
    }
    by_who = statement(actor=who)
    in_group = statement(actor={"objectType": "Group", "member": [who]})
    both = statement(actor=who, verb=wanted["verb"])
    await stored(tool, wanted, by_who, in_group, both, {**void, "verb": wanted["verb"]}, statement())
    await stored(tool, voiding(void))
    await stored(elsewhere, statement(verb=wanted["verb"], actor=who))
    expected = {
        "verb": [wanted["id"], both["id"]],
        "activity": [wanted["id"]],
        "agent": [by_who["id"], in_group["id"], both["id"]],
        "both": [both["id"]],
    }
    for name, subscription in made.items():
        desk.target.received.clear()
        await desk.work(subscription["id"], lambda name=name: len(desk.sent()) >= len(expected[name]))  # type: ignore[misc]
        assert desk.sent() == expected[name], name


async def test_what_fails_is_tried_again_and_at_last_a_dead_letter_that_can_be_sent_again(
    desk: Desk, tool: Tool
) -> None:
    made = await desk.subscribe(since="2020-01-01T00:00:00Z")
    first, second = statement(), statement()
    await stored(tool, first)
    desk.target.answer = lambda _body: 503
    await desk.work(made["id"], lambda: len(desk.sent()) == 1)
    await desk.work(made["id"], lambda: True)
    assert len(desk.sent()) == 1, "it waits before it tries again"
    await stored(tool, second)
    shown = await desk.shown(made["id"])
    assert (shown["last_error"], shown["delivered"]) == ("status 503", 0)
    assert shown["failing_since"]
    for _ in range(MOST_ATTEMPTS - 1):
        await desk.let_time_pass(made["id"])
        await desk.work(made["id"], lambda: True)
    assert desk.sent() == [first["id"]] * MOST_ATTEMPTS
    identifiers = {headers["webhook-id"] for _, headers, _ in desk.target.received}
    assert len(identifiers) == 1
    (letter,) = await desk.letters(made["id"])
    assert (letter["statements"], letter["attempts"]) == ([first["id"]], MOST_ATTEMPTS)
    desk.target.answer = lambda _body: 200
    desk.target.received.clear()
    await desk.work(made["id"], lambda: len(desk.sent()) == 1)
    assert desk.sent() == [second["id"]]
    again = await desk.client.post(
        f"{PATH}/{made['id']}/dead-letters/send", params={"letter": letter["id"]}, headers=desk.headers
    )
    assert again.status_code == 200, again.text
    assert [one["act"] for one in again.json()["changes"]] == ["created", "sent again"]
    await desk.work(made["id"], lambda: len(desk.sent()) == 2)
    assert desk.sent() == [second["id"], first["id"]]
    assert await desk.letters(made["id"]) == []


async def test_one_that_a_target_cannot_take_hinders_no_other(desk: Desk, tool: Tool) -> None:
    made = await desk.subscribe(since="2020-01-01T00:00:00Z")
    many = [statement() for _ in range(7)]
    bad = many[4]["id"]
    desk.target.answer = lambda body: 400 if bad.encode() in body else 200
    await stored(tool, *many)
    taken: list[str] = []

    def everything_was_sent() -> bool:
        taken[:] = [
            one["id"]
            for _, _, body in desk.target.received
            if bad.encode() not in body
            for one in json.loads(body)["statements"]
        ]
        return len(taken) == 6

    await desk.work(made["id"], everything_was_sent)
    assert taken == [one["id"] for one in many if one["id"] != bad]
    assert [one["statements"] for one in await desk.letters(made["id"])] == [[bad]]


async def test_another_record_store_gets_versions_apart_with_its_credential(desk: Desk, tool: Tool) -> None:
    made = await desk.subscribe(
        kind="record-store",
        address=f"{desk.target.address}/xapi/",
        credential={"username": "us", "password": "秘密"},
        since="2020-01-01T00:00:00Z",
    )
    assert made["secret"] is None
    first, second = statement(), statement()
    await stored(tool, first)
    await stored(tool.speaking("2.0.0"), second)
    await desk.work(made["id"], lambda: len(desk.sent()) == 2)
    assert desk.sent() == [first["id"], second["id"]]
    (path, one, _), (_, two, _) = desk.target.received
    assert path == "/xapi/statements"
    assert one["authorization"] == "Basic " + base64.b64encode("us:秘密".encode()).decode()
    assert [one["x-experience-api-version"], two["x-experience-api-version"]] == ["1.0.3", "2.0.0"]


async def test_erased_statements_are_not_sent_any_more(desk: Desk, tool: Tool) -> None:
    made = await desk.subscribe(since="2020-01-01T00:00:00Z")
    sent = statement()
    await stored(tool, sent)
    desk.target.answer = lambda _body: 500
    await desk.work(made["id"], lambda: len(desk.sent()) == 1)
    await stored(tool, voiding(sent))
    desk.target.answer = lambda _body: 200
    await desk.let_time_pass(made["id"])
    await desk.work(made["id"], lambda: len(desk.sent()) == 2)
    assert desk.sent().count(sent["id"]) == 1


async def test_paused_ended_and_redirected(desk: Desk, tool: Tool) -> None:
    made = await desk.subscribe(since="2020-01-01T00:00:00Z")
    address = f"{PATH}/{made['id']}"
    paused = await desk.client.patch(address, json={"status": "paused"}, headers=desk.headers)
    assert paused.json()["status"] == "paused"
    await stored(tool, statement())
    await desk.work(made["id"], lambda: True)
    assert desk.sent() == []
    await desk.client.patch(address, json={"status": "active"}, headers=desk.headers)
    desk.target.answer = lambda _body: 307
    await desk.work(made["id"], lambda: len(desk.sent()) == 1)
    assert [path for path, _, _ in desk.target.received] == ["/hook?a=1"], "redirects are not followed"
    ended = await desk.client.delete(address, headers=desk.headers)
    assert [one["act"] for one in ended.json()["changes"]] == ["created", "paused", "resumed", "ended"]
    assert (await desk.client.delete(address, headers=desk.headers)).status_code == 200
    again = await desk.client.patch(address, json={"status": "active"}, headers=desk.headers)
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "subscription-ended")


async def test_only_its_administrators_subscribe(
    desk: Desk, bank: Bank, teacher: UUID, above: UUID, district: District, client: httpx.AsyncClient
) -> None:
    made = await desk.subscribe()
    other = bank.of_person(teacher, ADMINISTERS)
    paths = [("DELETE", ""), ("GET", "/dead-letters"), ("POST", "/dead-letters/send")]
    for method, path in paths:
        answer = await client.request(method, f"{PATH}/{made['id']}{path}", headers=other)
        absent = await client.request(method, f"{PATH}/{new_id()}{path}", headers=other)
        assert (answer.status_code, absent.status_code) == (404, 404)
        assert {**answer.json(), "instance": 0, "request_id": 0} == {
            **absent.json(),
            "instance": 0,
            "request_id": 0,
        }
    assert (
        await client.get(PATH, params={"organisation": str(district.school)}, headers=other)
    ).status_code == 404
    desk.headers = other
    assert (await desk.post()).status_code == 404
    desk.headers = bank.of_person(above, ADMINISTERS)
    assert (await desk.post()).status_code == 201
    assert (await client.get(PATH, params={"organisation": str(district.school)})).status_code == 401


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"address": "http://example.org/hook"}, None),
        ({"address": "https://user:secret@example.org/"}, None),
        ({"address": "ftp://example.org/"}, None),
        ({"address": "https:///hook"}, None),
        ({"address": "https://10.0.0.1/hook"}, None),
        ({"address": "https://[::ffff:169.254.169.254]/"}, None),
        ({"address": "https://example.org/\r\nHost: other"}, None),
        ({"filters": {"verb": "no iri"}}, "verb"),
        ({"filters": {"agent": {"name": "nobody"}}}, "agent"),
        ({"kind": "record-store"}, "credential"),
        ({"credential": {"username": "a", "password": "b"}}, "credential"),
        ({"kind": "record-store", "credential": {"username": "a:b", "password": "b"}}, "credential.username"),
    ],
)
async def test_what_is_wrong_is_named(desk: Desk, changes: dict[str, Any], place: str | None) -> None:
    answer = await desk.post(**changes)
    assert answer.status_code == 422, answer.text
    if place is None:
        assert answer.json()["type"].endswith("/target-not-allowed")
    else:
        assert place in answer.text
