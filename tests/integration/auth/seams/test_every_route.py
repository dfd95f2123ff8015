"""Attacks 60, 61, 64: each route that names an object, called with those of other tenants, as every role."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.auth.places import Place, Somebody, new_place
from tests.integration.auth.seams.table import (
    BODIES,
    OPEN,
    OWN,
    READ,
    SEEN_ABOVE,
    SERVICES,
    filled,
    routes_of,
)
from tests.integration.auth.seams.world import ROLES, Targets, World, new_world

CASES = sorted(BODIES)


def names_in(method: str, path: str) -> list[str]:
    """The ids that a call names, in its address or in its body."""
    return sorted(set(re.findall(r"{(\w+)}", path + str(BODIES[method, path]))))


UPLOAD = ("POST", "/v1/roster-imports")
READING = frozenset(ROLES) - {"student", "guardian"}


@pytest.fixture(scope="module")
async def world(auth_app: FastAPI) -> AsyncIterator[World]:
    """Shared by all calls; when they are over, nothing of what was reached for has changed."""
    made = await new_world(await new_place(auth_app), await new_place(auth_app))
    yield made
    for tenant in made.foreign.values():
        assert await state_of(made.place, tenant) == ("active", None, "active", "accepted", None, 0)


async def call(who: Somebody, method: str, path: str, ids: dict[str, str]) -> httpx.Response:
    body = filled(BODIES[method, path], ids)
    address = filled(path, ids)
    if (method, path) == UPLOAD:
        files = {"file": ("roster.zip", b"PK", "application/zip")}
        return await who.http.post(address, data=body, files=files)
    return await who.http.request(method, address, json=body)


async def state_of(place: Place, tenant: Targets) -> tuple[Any, ...]:
    row = await place.app.state.database.pool.fetchrow(
        "select o.status, p.preferred_name, c.status, i.state, s.ended_at,"
        " (select count(*) from erasure where person_id = p.id)"
        " from organisation o, person p, client c, guardian_invitation i, session s"
        " where o.id = $1 and p.id = $2 and c.id = $3 and i.id = $4 and s.id = $5",
        tenant.organisation,
        tenant.person,
        tenant.client,
        tenant.request,
        tenant.session_id,
    )
    return tuple(row)


def said(answer: httpx.Response, *case: object) -> tuple[Any, ...]:
    return (*case, answer.status_code, answer.text[:200])


def test_attack_60_every_route_is_in_the_table(auth_app: FastAPI) -> None:
    """A route that is new here must be tried with other tenants' ids too."""
    named = {(method, path.partition("?")[0]) for method, path in BODIES}
    assert routes_of(auth_app) == OPEN | OWN | SERVICES | named


@pytest.mark.parametrize(("method", "path"), CASES)
async def test_attack_60_of_another_tenant_is_like_absent(world: World, method: str, path: str) -> None:
    head = world.people["administrator"]
    nobody = {name: str(uuid4()) for name in world.own.values()}
    absent = await call(head, method, path, nobody)
    wrong = []
    for where in ("sibling", "elsewhere"):
        answer = await call(head, method, path, world.foreign[where].values())
        same = answer.status_code == 404 and _without_ids(answer) == _without_ids(absent)
        if not same:
            wrong.append(said(answer, where, absent.text))
    assert not wrong


@pytest.mark.parametrize(("method", "path"), CASES)
async def test_attack_61_what_is_above_is_out_of_reach(world: World, method: str, path: str) -> None:
    head = world.people["administrator"]
    wrong = []
    for where in ("parent", "root"):
        answer = await call(head, method, path, world.foreign[where].values())
        if answer.status_code not in (403, 404) and (method, path) not in SEEN_ABOVE:
            wrong.append(said(answer, where))
    assert not wrong


@pytest.mark.parametrize(("method", "path"), CASES)
async def test_attack_61_whoever_is_no_administrator_decides_nothing(
    world: World, method: str, path: str
) -> None:
    wrong = []
    for role in ROLES:
        if role == "administrator":
            continue
        for where, tenant in {"own": world.own, "sibling": world.foreign["sibling"]}.items():
            answer = await call(world.people[role], method, path, tenant.values())
            seen = where == "own" and (
                (method, path) in SEEN_ABOVE or ((method, path) in READ and role in READING)
            )
            if answer.status_code not in ((200,) if seen else (403, 404)):
                wrong.append(said(answer, role, where))
    assert not wrong


@pytest.mark.parametrize(("method", "path"), [case for case in CASES if len(names_in(*case)) > 1])
async def test_attack_60_own_and_foreign_ids_do_not_mix(world: World, method: str, path: str) -> None:
    """Of several ids one alone is another tenant's: that one decides."""
    own, foreign = world.own.values(), world.foreign["sibling"].values()
    head = world.people["administrator"]
    for name in names_in(method, path):
        answer = await call(head, method, path, own | {name: foreign[name]})
        assert answer.status_code in (403, 404), said(answer, name)


@pytest.mark.parametrize(("method", "path"), CASES)
async def test_attack_60_without_a_token_nothing_answers(
    http: httpx.AsyncClient, world: World, method: str, path: str
) -> None:
    stranger = Somebody(uuid4(), "", "", http)
    answer = await call(stranger, method, path, world.own.values())
    assert answer.status_code == 401, said(answer)


def _without_ids(answer: httpx.Response) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    return {
        name: value for name, value in document.items() if name not in ("instance", "trace_id", "request_id")
    }


BODIES_OF_JSON = sorted(case for case in BODIES if case[0] != "GET" and case != UPLOAD)
ASSIGNED = {
    "id": str(uuid4()),
    "is_admin": True,
    "tenant_id": str(uuid4()),
    "created_at": "2020-01-01T00:00:00Z",
}


def test_attack_59_no_body_takes_what_it_does_not_name(auth_app: FastAPI) -> None:
    document = auth_app.openapi()
    schemas = document["components"]["schemas"]
    named = {
        (method, path, name)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for name in _named(operation.get("requestBody", {}).get("content", {}).get("application/json"))
    }
    assert len(named) > 20
    assert not [one for one in named if schemas[one[2]].get("additionalProperties") is not False]


def _named(schema: object) -> list[str]:
    return re.findall(r"schemas/(\w+)", str(schema))


@pytest.mark.parametrize(("method", "path"), [case for case in BODIES_OF_JSON if BODIES[case] is not None])
@pytest.mark.parametrize("name", sorted(ASSIGNED))
async def test_attack_59_members_that_are_nobodys_to_assign_are_refused(
    world: World, method: str, path: str, name: str
) -> None:
    head, ids = world.people["administrator"], world.own.values()
    body = filled(BODIES[method, path], ids) | {name: ASSIGNED[name]}
    answer = await head.http.request(method, filled(path, ids), json=body)
    assert answer.status_code == 422, said(answer, name)
