"""What a service needs to call another: one HTTP session, its own access token, the issuer's keys."""

import asyncio
import time
from typing import Any

import aiohttp
import orjson

from libs.common.identity import KeySource
from libs.common.tokens import KeyTable
from libs.common.tracing import current_traceparent

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=2)
_LARGEST_ANSWER = 16 * 1024 * 1024


class CallFailed(Exception):
    """The other service could not be reached, or did not answer as documented."""


class ServiceClient:
    """HTTP to neighbours with time limits and this service's own token. `close` at the end."""

    def __init__(self, *, token_endpoint: str, client_id: str | None, client_secret: str | None) -> None:
        self._token_endpoint = token_endpoint
        self._client_id = client_id
        self._client_secret = client_secret
        self._session: aiohttp.ClientSession | None = None
        self._tokens: dict[tuple[str, str], tuple[str, float]] = {}
        self._asking = asyncio.Lock()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, address: str, *, audience: str | None = None, scope: str | None = None) -> bytes:
        """GET with this service's token for `audience` and `scope`; only a 200 counts."""
        headers = {"Accept": "application/json"}
        if audience and scope:
            headers["Authorization"] = f"Bearer {await self._token(audience, scope)}"
        try:
            status, body = await self._call("GET", address, headers=headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CallFailed(type(error).__name__) from error
        if status == 401 and audience and scope:
            self._tokens.pop((audience, scope), None)
        if status != 200:
            raise CallFailed(f"status {status}")
        return body

    async def _token(self, audience: str, scope: str) -> str:
        async with self._asking:
            known = self._tokens.get((audience, scope))
            if known is not None and known[1] > time.monotonic():
                return known[0]
            token, lifetime_s = await self._ask_for_token(audience, scope)
            self._tokens[(audience, scope)] = (token, time.monotonic() + lifetime_s - 30)
            return token

    async def _ask_for_token(self, audience: str, scope: str) -> tuple[str, float]:
        """client_credentials (RFC 6749, section 4.4) for one audience (RFC 8707)."""
        if not self._client_id or not self._client_secret:
            raise CallFailed("no client of its own is configured")
        form = {"grant_type": "client_credentials", "scope": scope, "resource": audience}
        try:
            status, body = await self._call(
                "POST",
                self._token_endpoint,
                data=form,
                headers={"Authorization": aiohttp.encode_basic_auth(self._client_id, self._client_secret)},
            )
            if status != 200:
                raise CallFailed(f"token endpoint answered {status}")
            answer = _object(body)
            return str(answer["access_token"]), float(answer["expires_in"])
        except (aiohttp.ClientError, TimeoutError, OSError, KeyError, ValueError) as error:
            raise CallFailed(type(error).__name__) from error

    async def _call(self, method: str, address: str, **options: Any) -> tuple[int, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        traceparent = current_traceparent()
        if traceparent:
            options["headers"]["traceparent"] = traceparent
        async with self._session.request(method, address, allow_redirects=False, **options) as response:
            body = await response.content.read(_LARGEST_ANSWER)
            return response.status, body


def keys_of(client: ServiceClient, address: str) -> KeySource:
    """The issuer's published keys (RFC 7517) at `address`."""

    async def fetch() -> KeyTable:
        return KeyTable.from_jwks(_object(await client.get(address)))

    return fetch


def _object(body: bytes) -> dict[str, Any]:
    value = orjson.loads(body)
    if not isinstance(value, dict):
        raise CallFailed("not a JSON object")
    return value
