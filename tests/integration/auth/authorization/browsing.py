"""A browser at the authorization endpoint: its cookies, its session, and what it is answered."""

import base64
import hashlib
import re
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import httpx
from fastapi import FastAPI

from libs.common.ids import new_id
from services.auth.sessions.service import digest_of
from tests.integration.auth.places import ADDRESS, connection
from tests.integration.auth.tokens.grants import REDIRECT, Application

ENDPOINT = "/oauth/authorize"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


def parameters(client: Application, **changes: str | None) -> dict[str, str]:
    """A request that is in order, but for the changes; None leaves a parameter out."""
    wanted = {
        "client_id": client.client_id,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "openid",
        "state": "some state",
        "nonce": "some nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changes
    return {name: value for name, value in wanted.items() if value is not None}


def query_of(answer: httpx.Response, address: str = REDIRECT) -> dict[str, str]:
    """What a redirect to `address` says, after checking that it is one, by 303 and without a fragment."""
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    assert location.startswith(address), location
    assert "#" not in location
    return {name: value for name, (value,) in parse_qs(urlsplit(location).query).items()}


def shown(answer: httpx.Response, status: int = 400) -> str:
    """The page of a refusal that redirects nowhere."""
    assert answer.status_code == status, answer.text
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


class Browser:
    """An HTTP client with cookies that follows no redirect by itself."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.http = connection(app)
        self.secret = secrets.token_urlsafe(32)
        self.http.cookies.set("xuebu_browser", self.secret)
        self.session: UUID | None = None

    async def sign_in(
        self, person: UUID, *, methods: tuple[str, ...] = ("pwd",), ago: timedelta = timedelta(minutes=5)
    ) -> UUID:
        """What the sign-in page does once it believes: a session under a new cookie."""
        secret, session = secrets.token_urlsafe(32), new_id()
        await self.app.state.database.pool.execute(
            "insert into session (id, person_id, expires_at, authenticated_at, methods, secret_digest)"
            " values ($1, $2, now() + interval '1 hour', clock_timestamp() - $3::interval, $4, $5)",
            session,
            person,
            ago,
            list(methods),
            digest_of(secret),
        )
        self.http.cookies.set("xuebu_session", secret)
        self.session = session
        return session

    async def authorize(self, client: Application, **changes: str | None) -> httpx.Response:
        return await self.http.get(ENDPOINT, params=parameters(client, **changes))

    async def raw(self, pairs: list[tuple[str, str]]) -> httpx.Response:
        return await self.http.get(f"{ENDPOINT}?{urlencode(pairs)}")

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        """The page of ours that a redirect leads to."""
        assert answer.status_code == 303, answer.text
        location = answer.headers["location"]
        assert location.startswith("/"), location
        return await self.http.get(location)

    async def resume(self, request: str) -> httpx.Response:
        return await self.http.get(f"{ENDPOINT}/resume", params={"request": request})

    async def post(self, path: str, page: httpx.Response, **fields: Any) -> httpx.Response:
        """Sends the form of a page, from our own origin."""
        found = _TOKEN.search(page.text)
        assert found is not None, page.text
        data = {"form_token": found.group(1), **fields}
        return await self.http.post(path, data=data, headers={"Origin": ADDRESS})


def request_of(answer: httpx.Response, path: str) -> str:
    """The id of the waiting request, after checking which page the browser is sent to."""
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert (parts.netloc, parts.path) == ("", path), answer.headers["location"]
    return parse_qs(parts.query)["request"][0]
