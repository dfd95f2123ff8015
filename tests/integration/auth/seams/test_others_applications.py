"""What no application of others may do for a person, whatever the person allowed it."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.auth.life.records import problem
from tests.integration.auth.places import PASSWORD, Place, Somebody, connection, new_place
from tests.integration.auth.tokens.grants import application, tokens

CODE = {"code": "123456"}
DECISIONS: list[tuple[str, str, Any]] = [
    ("POST", "/v1/me/second-factor", None),
    ("POST", "/v1/me/second-factor/confirmation", CODE),
    ("POST", "/v1/me/second-factor/recovery-codes", CODE),
    ("POST", "/v1/me/second-factor/removal", CODE),
    ("POST", "/v1/me/password", {"current": PASSWORD, "new": "eight blue umbrellas"}),
    ("POST", "/v1/me/erasure", None),
    ("POST", "/v1/me/children/{id}/erasure", None),
    ("PUT", "/v1/me/children/{id}/consent", {"decision": "refused"}),
    ("DELETE", "/v1/me/children/{id}", None),
    ("DELETE", "/v1/me/guardians/{id}", None),
    ("POST", "/v1/people/{id}/guardian-invitations", {"relation": "parent"}),
    ("DELETE", "/v1/guardian-invitations/{id}", None),
    ("POST", "/v1/me/guardian-invitations", {"code": "ABCD-EFGH-JKLM", "accept": True}),
    ("PUT", "/v1/me/guardian-requests/{id}", {"agree": True}),
    ("DELETE", "/v1/sessions/current", None),
    ("DELETE", "/v1/sessions/{id}", None),
    ("DELETE", "/v1/me/applications/{id}", None),
    ("PUT", "/v1/me/active-role", {"role": "{id}"}),
]


@pytest.fixture(scope="module")
async def place(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.fixture(scope="module")
async def person(place: Place) -> Somebody:
    return await place.somebody(await place.organisation(), "staff")


@pytest.fixture(scope="module")
async def others(auth_app: FastAPI, person: Somebody) -> httpx.AsyncClient:
    """What a partner's application, which the person allowed the account, sends."""
    partner = await application(auth_app, "web", needs_consent=True)
    async with connection(auth_app) as http:
        issued = await tokens(http, partner, person)
    return connection(auth_app, token=issued["access_token"])


@pytest.mark.parametrize(("method", "path", "body"), DECISIONS)
async def test_attack_52_the_account_is_changed_in_the_platforms_own_applications(
    others: httpx.AsyncClient, person: Somebody, method: str, path: str, body: Any
) -> None:
    """The sign-in was fresh, but for another errand: an application could lock its person out."""
    answer = await others.request(method, path.format(id=person.id), json=body)
    assert problem(answer) == (403, "forbidden")


async def test_what_was_allowed_works_and_the_own_application_may(
    others: httpx.AsyncClient, person: Somebody
) -> None:
    assert (await others.get("/v1/me")).status_code == 200
    assert (await person.http.post("/v1/me/second-factor")).status_code == 201
