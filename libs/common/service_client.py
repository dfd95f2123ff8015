"""What a service needs to call another: one HTTP session, its own access token, the issuer's keys."""

import asyncio
import base64
import time
from collections.abc import Mapping
from typing import Any, Final, cast, get_args
from urllib.parse import quote, urlencode

import orjson

from libs.common.identity import KeySource
from libs.common.revocations import Kind, Revocation, RevocationPage, RevocationSource
from libs.common.tokens import KeyTable
from libs.common.tracing import current_traceparent
from libs.common.wire import CallFailed, CallRefused, Wire

__all__ = ["CallFailed", "CallRefused", "ServiceClient", "keys_of", "revocations_of"]

_REVOCATIONS_SCOPE: Final = "events.read"


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
            raise CallRefused(status)
        return body

    async def post(self, address: str, body: bytes, *, audience: str, scope: str) -> tuple[int, bytes]:
        """POST of JSON with this service's token; whatever is answered counts. It may arrive twice."""
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {await self._token(audience, scope)}",
        }
        status, answer = await self._call("POST", address, headers, body)
        if status == 401:
            self._tokens.pop((audience, scope), None)
        return status, answer

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
            raise CallRefused(status, "token endpoint: ")
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
            raise CallRefused(status)
        return KeyTable.from_jwks(_object(body))

    return fetch


def revocations_of(client: ServiceClient, address: str, audience: str) -> RevocationSource:
    """The issuer's list at `address`, asked with this service's own token for `audience`."""

    async def read(cursor: str | None) -> RevocationPage:
        asked = f"{address}?cursor={quote(cursor, safe='')}" if cursor else address
        body = await client.get(asked, audience=audience, scope=_REVOCATIONS_SCOPE)
        try:
            return _page(_object(body))
        except (KeyError, TypeError, ValueError) as error:
            raise CallFailed(type(error).__name__) from error

    return read


def _page(document: dict[str, Any]) -> RevocationPage:
    kinds = get_args(Kind)
    return RevocationPage(
        items=[
            Revocation(cast(Kind, item["kind"]), item["value"], item["issued_until"], item["until"])
            for item in document["items"]
            if item["kind"] in kinds
        ],
        next=str(document["next"]),
        more=bool(document["more"]),
        keys=str(document["keys"]),
    )


def _object(body: bytes) -> dict[str, Any]:
    value = orjson.loads(body)
    if not isinstance(value, dict):
        raise CallFailed("not a JSON object")
    return value
