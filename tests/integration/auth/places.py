"""A tree of one's own: what most tests of auth begin with."""

import base64
import itertools
import json
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from infra.dev import code_flow
from infra.dev.credentials import PERSON_SCOPES
from services.auth.bootstrap import Platform, prepare

ADDRESS = "http://auth.example"
PASSWORD = "seven green umbrellas"
#: the application in which people sign in here, of the platform itself
FRONTEND = code_flow.Frontend("frontend", " ".join(PERSON_SCOPES), "https://frontend.example/callback")

Result = TypeVar("Result")

_numbers = itertools.count(1)


def new_network() -> str:
    """An address of a network that no other test uses, for the throttle counts by network."""
    number = next(_numbers)
    return f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"


def connection(app: FastAPI, *, network: str | None = None, token: str | None = None) -> httpx.AsyncClient:
    """An HTTP client of the app in process; `network` is the address it seems to come from."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(network or new_network(), 4711))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers)


def document(name: str, *, clients: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """What `bootstrap` reads."""
    return {
        "organisation": {"type": "country", "name": name},
        "administrator": {
            "username": f"admin-{name}",
            "password": PASSWORD,
            "given_name": "Ada",
            "family_name": "Admin",
        },
        "clients": [
            {
                "client_id": FRONTEND.client_id,
                "name": "Frontend",
                "kind": "browser",
                "scopes": FRONTEND.scope.split(),
                "organisation": None,
                "redirect_uris": [FRONTEND.redirect_uri],
                "needs_consent": False,
            },
            *(clients or []),
        ],
    }


@dataclass
class Somebody:
    """A person with an account."""

    id: UUID
    username: str
    password: str
    http: httpx.AsyncClient
    session: UUID | None = None


@dataclass
class Place:
    """A root organisation and its administrator."""

    app: FastAPI
    root: UUID
    admin: Somebody
    made: list[httpx.AsyncClient] = field(default_factory=list)

    async def organisation(
        self, parent: UUID | None = None, kind: str = "school", name: str = "A school"
    ) -> UUID:
        """A new organisation, below the root unless told otherwise."""
        body = {"parent": str(parent or self.root), "type": kind, "name": name}
        answer = await self.admin.http.post("/v1/organisations", json=body)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def person(self, organisation: UUID, role: str = "student", **facts: Any) -> UUID:
        """A person entered by hand."""
        body = {"given_name": "Li", "family_name": "Chen", "role": role} | facts
        answer = await self.admin.http.post(f"/v1/organisations/{organisation}/people", json=body)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def somebody(self, organisation: UUID, role: str = "student", **facts: Any) -> Somebody:
        """A person with an account, signed in."""
        person = await self.person(organisation, role, **facts)
        username = f"u-{uuid4().hex}"
        issued = await self.admin.http.post(
            f"/v1/people/{person}/activation-codes", json={"username": username}
        )
        assert issued.status_code == 201, issued.text
        client = connection(self.app)
        activation = {"code": issued.json()["code"], "password": PASSWORD}
        activated = await client.post("/v1/activations", json=activation)
        assert activated.json() == {"username": username}, activated.text
        return await sign_in(self.app, username, PASSWORD)

    async def role(self, person: UUID, organisation: UUID, role: str) -> UUID:
        """Gives a role."""
        body = {"person": str(person), "organisation": str(organisation), "role": role}
        answer = await self.admin.http.post("/v1/roles", json=body)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def client(self, organisation: UUID, *scopes: str) -> dict[str, Any]:
        """A registered client, with its secret."""
        body = {"organisation": str(organisation), "name": "A machine", "scopes": list(scopes)}
        answer = await self.admin.http.post("/v1/clients", json=body)
        assert answer.status_code == 201, answer.text
        registered: dict[str, Any] = answer.json()
        return registered


async def sign_in(app: FastAPI, username: str, password: str) -> Somebody:
    """Signs in by the code flow, through the sign-in page, from a network of its own."""
    client = connection(app)
    answer = await through(
        client, code_flow.code_flow(app.state.settings.public_address, FRONTEND, username, password)
    )
    claims = json.loads(base64.urlsafe_b64decode(answer["access_token"].split(".")[1] + "=="))
    client.headers["Authorization"] = f"Bearer {answer['access_token']}"
    return Somebody(UUID(claims["sub"]), username, password, client, UUID(claims["sid"]))


async def can_sign_in(app: FastAPI, username: str, password: str) -> bool:
    """Whether the password alone lets the person in."""
    try:
        await sign_in(app, username, password)
    except code_flow.SignInFailedError:
        return False
    return True


async def through(
    client: httpx.AsyncClient, flow: Generator[code_flow.Asked, code_flow.Answered, Result]
) -> Result:
    """Takes a flow through the pages to its result; the client itself keeps no cookie of it."""
    asked = next(flow)
    while True:
        given = {"Accept-Language": "en"} | asked.headers
        if asked.form is None:
            answer = await client.get(asked.address, headers=given)
        else:
            answer = await client.post(asked.address, data=asked.form, headers=given)
        client.cookies.clear()
        try:
            asked = flow.send(
                code_flow.Answered(answer.status_code, answer.headers.multi_items(), answer.text)
            )
        except StopIteration as end:
            result: Result = end.value
            return result


async def new_place(app: FastAPI) -> Place:
    """A root of its own with a signed-in administrator."""
    name = uuid4().hex
    root = await prepare(app.state.database, Platform.model_validate(document(name)))
    return Place(app, root, await sign_in(app, f"admin-{name}", PASSWORD))
