"""What a service needs to call another: one HTTP session, its own access token, the issuer's keys."""

import asyncio
import base64
import time
from http import client as http_client
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import orjson

from libs.common.identity import KeySource
from libs.common.tokens import KeyTable
from libs.common.tracing import current_traceparent

if (
    TYPE_CHECKING
):  # loaded with the first call: it takes a tenth of a second and 10 MiB, and few calls are made
    import aiohttp

_CONNECT_S = 2.0
_TOTAL_S = 10.0
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
        status, body = await self._call("GET", address, headers=headers)
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
        pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"  # section 2.3.1
        credentials = base64.b64encode(pair.encode()).decode()
        status, body = await self._call(
            "POST", self._token_endpoint, data=form, headers={"Authorization": f"Basic {credentials}"}
        )
        if status != 200:
            raise CallFailed(f"token endpoint answered {status}")
        try:
            answer = _object(body)
            return str(answer["access_token"]), float(answer["expires_in"])
        except (KeyError, TypeError, ValueError) as error:
            raise CallFailed(type(error).__name__) from error

    async def _call(self, method: str, address: str, **options: Any) -> tuple[int, bytes]:
        aiohttp = await _load_aiohttp()
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=_TOTAL_S, connect=_CONNECT_S)
            self._session = aiohttp.ClientSession(timeout=timeout)
        traceparent = current_traceparent()
        if traceparent:
            options["headers"]["traceparent"] = traceparent
        try:
            async with self._session.request(method, address, allow_redirects=False, **options) as response:
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > _LARGEST_ANSWER:
                        raise CallFailed("the answer is too long")
                return response.status, bytes(body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CallFailed(type(error).__name__) from error


async def _load_aiohttp() -> Any:
    def load() -> Any:
        import aiohttp

        return aiohttp

    return await asyncio.to_thread(load)


def keys_of(address: str) -> KeySource:
    """The issuer's published keys (RFC 7517) at `address`.

    One plain GET every few minutes, and the only one every start needs: the standard library makes it.
    """

    async def fetch() -> KeyTable:
        return KeyTable.from_jwks(_object(await asyncio.to_thread(_get, address)))

    return fetch


def _get(address: str) -> bytes:
    """GET without a token, in a thread; only a 200 counts."""
    parts = urlsplit(address)
    made = {"http": http_client.HTTPConnection, "https": http_client.HTTPSConnection}[parts.scheme]
    connection = made(parts.netloc, timeout=_CONNECT_S)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("GET", target or "/", headers={"Accept": "application/json"})
        response = connection.getresponse()
        body: bytes = response.read(_LARGEST_ANSWER)
    except (OSError, http_client.HTTPException) as error:
        raise CallFailed(type(error).__name__) from error
    finally:
        connection.close()
    if response.status != 200:
        raise CallFailed(f"status {response.status}")
    return body


def _object(body: bytes) -> dict[str, Any]:
    value = orjson.loads(body)
    if not isinstance(value, dict):
        raise CallFailed("not a JSON object")
    return value
