"""Applications and what people grant them, as far as the token endpoint is concerned.

Codes are written where the authorization endpoint writes them; flows through its pages are tested elsewhere.
"""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from libs.common.ids import new_id
from libs.common.tokens import Claims, verify
from services.auth.authorization.codes import new_code
from services.auth.clients.service import digest_of
from tests.integration.auth.places import ADDRESS, Somebody

REDIRECT = "https://app.example/callback"
OPENID = ("openid", "profile", "email", "phone", "address", "offline_access")
SCOPES = (*OPENID, "account", "spaces.read", "spaces.write", "credits.read")
AUDIENCES = ("urn:xuebu:auth", "urn:xuebu:spaces", "urn:xuebu:creditbank")
DEFAULT = ("openid", "account", "spaces.read")
Answer = dict[str, Any]


@dataclass
class Application:
    """A client for people; without a secret it is a public one."""

    app: FastAPI
    id: UUID
    client_id: str
    secret: str | None

    @property
    def proof(self) -> dict[str, Any]:
        """What proves it, as arguments of a request."""
        return {"auth": (self.client_id, self.secret)} if self.secret else {}

    def form(self, **values: str) -> dict[str, str]:
        """A form that names it where its proof does not."""
        return values if self.secret else {"client_id": self.client_id, **values}

    async def ask(
        self, http: httpx.AsyncClient, address: str = "/oauth/token", **values: str
    ) -> httpx.Response:
        """A request to one of the OAuth endpoints, as this client."""
        return await http.post(address, data=self.form(**values), **self.proof)

    async def refresh(self, http: httpx.AsyncClient, refresh_token: str, **values: str) -> httpx.Response:
        return await self.ask(http, grant_type="refresh_token", refresh_token=refresh_token, **values)

    async def introspect(self, http: httpx.AsyncClient, token: str) -> Answer:
        answer = await self.ask(http, "/oauth/introspect", token=token)
        assert answer.status_code == 200, answer.text
        document: Answer = answer.json()
        return document


async def application(app: FastAPI, kind: str = "web", **columns: Any) -> Application:
    """A registered client of the platform."""
    client_id, secret = uuid4().hex, secrets.token_urlsafe(32) if kind in ("web", "machine") else None
    values: dict[str, Any] = {
        "id": new_id(),
        "client_id": client_id,
        "name": "An application",
        "kind": kind,
        "scopes": list(SCOPES),
        "redirect_uris": [REDIRECT],
        "needs_consent": False,
    } | columns
    names = ", ".join(values)
    places = ", ".join(f"${number + 1}" for number in range(len(values)))
    pool = app.state.database.pool
    await pool.execute(f"insert into client ({names}) values ({places})", *values.values())
    if secret is not None:
        await pool.execute(
            "insert into client_secret (client_id, digest) values ($1, $2)", values["id"], digest_of(secret)
        )
    return Application(app, values["id"], client_id, secret)


@dataclass
class Code:
    """An authorization code with what redeems it."""

    text: str
    verifier: str
    redirect_uri: str = REDIRECT
    family: UUID = field(default_factory=uuid4)

    def form(self, **changes: str) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": self.text,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        } | changes


async def grant(
    application: Application,
    person: Somebody,
    *,
    scopes: tuple[str, ...] = DEFAULT,
    audiences: tuple[str, ...] = AUDIENCES,
    session: UUID | None = None,
    nonce: str | None = None,
    claims: dict[str, Any] | None = None,
    methods: tuple[str, ...] = ("pwd",),
    age: float = 0,
) -> Code:
    """What the authorization endpoint writes when the person allows the client something, `age` s ago."""
    text, digest = new_code()
    verifier = secrets.token_urlsafe(48)
    hashed = hashlib.sha256(verifier.encode()).digest()
    await application.app.state.database.pool.execute(
        "insert into authorization_code (digest, client_id, person_id, session_id,"
        " redirect_uri, code_challenge, scopes, audiences, nonce, claims, authenticated_at, methods,"
        " created_at, expires_at)"
        " select $1, $2, s.person_id, s.id, $4, $5, $6, $7, $8, $9, s.authenticated_at, $10,"
        " now() - make_interval(secs => $11), now() + make_interval(secs => 60 - $11)"
        " from session s where s.id = $3",
        digest,
        application.id,
        session or person.session,
        REDIRECT,
        base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(),
        list(scopes),
        list(audiences),
        nonce,
        json.dumps(claims).encode() if claims is not None else None,
        list(methods),
        age,
    )
    return Code(text, verifier)


async def tokens(
    http: httpx.AsyncClient, application: Application, person: Somebody, **wishes: Any
) -> Answer:
    """The tokens of a fresh grant."""
    code = await grant(application, person, **wishes)
    answer = await application.ask(http, **code.form())
    assert answer.status_code == 200, answer.text
    issued: Answer = answer.json()
    return issued


def claims_of(application: Application, token: str, *, use: str = "access") -> Claims:
    """The claims of a token, with everything about it verified."""
    audience = application.client_id if use == "id" else frozenset(AUDIENCES)
    table = application.app.state.keys.table
    return verify(token, table, issuer=ADDRESS, audience=audience, use=use, now=time.time())  # type: ignore[arg-type]


def header_of(token: str) -> Answer:
    part = token.partition(".")[0]
    header: Answer = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return header


def refused(answer: httpx.Response, error: str, status: int = 400) -> None:
    """The answer is this refusal, in the form of RFC 6749."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"


async def works(http: httpx.AsyncClient, access_token: str) -> bool:
    """Whether userinfo, and a route of the service, still believe an access token."""
    header = {"Authorization": f"Bearer {access_token}"}
    answers = [await http.get(address, headers=header) for address in ("/oauth/userinfo", "/v1/me")]
    statuses = {answer.status_code for answer in answers}
    assert statuses in ({200}, {401}), statuses
    return statuses == {200}


async def actions_about(person: Somebody) -> list[str]:
    """What the audit tells the person, newest first."""
    answer = await person.http.get("/v1/audit", params={"limit": 200})
    assert answer.status_code == 200, answer.text
    return [entry["action"] for entry in answer.json()["items"]]
