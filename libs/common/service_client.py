"""What a service needs to call another: one HTTP session, its own access token, the issuer's keys."""

import asyncio
import base64
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from libs.common.identity import KeySource
from libs.common.tokens import KeyTable
from libs.common.tracing import current_traceparent
from libs.common.wire import CallFailed, Wire

__all__ = ["CallFailed", "ServiceClient", "keys_of"]


class ServiceClient:
    """HTTP to neighbours with time limits and this service's own token. `close` at the end."""

    def __init__(self, *, token_endpoint: str, client_id: str | None, client_secret: str | None) -> None:
        self._token_endpoint = token_endpoint
        self._client_id = client_id
        self._client_secret = client_secret
        self._wire = Wire()
        self._tokens: dict[tuple[str, str], tuple[str, float]] = {}
        self._asking = asyncio.Lock()

    async def close(self) -> None:
        self._wire.close()

    async def get(self, address: str, *, audience: str | None = None, scope: str | None = None) -> bytes:
        """GET with this service's token for `audience` and `scope`; only a 200 counts."""
        headers = {"Accept": "application/json"}
        if audience and scope:
            headers["Authorization"] = f"Bearer {await self._token(audience, scope)}"
        status, body = await self._call("GET", address, headers)
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
        headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        status, body = await self._call("POST", self._token_endpoint, headers, urlencode(form).encode())
        if status != 200:
            raise CallFailed(f"token endpoint answered {status}")
        try:
            answer = _object(body)
            return str(answer["access_token"]), float(answer["expires_in"])
        except (KeyError, TypeError, ValueError) as error:
            raise CallFailed(type(error).__name__) from error

    async def _call(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, bytes]:
        traceparent = current_traceparent()
        if traceparent:
            headers = {**headers, "traceparent": traceparent}
        return await self._wire.call(method, address, headers=headers, body=body)


def keys_of(address: str) -> KeySource:
    """The issuer's published keys (RFC 7517) at `address`, read over a connection of its own each time."""

    async def fetch() -> KeyTable:
        wire = Wire()
        try:
            status, body = await wire.call("GET", address, headers={"Accept": "application/json"})
        finally:
            wire.close()
        if status != 200:
            raise CallFailed(f"status {status}")
        return KeyTable.from_jwks(_object(body))

    return fetch


def _object(body: bytes) -> dict[str, Any]:
    value = orjson.loads(body)
    if not isinstance(value, dict):
        raise CallFailed("not a JSON object")
    return value
