"""Who calls: bearer tokens (RFC 6750) verified locally with cached keys of the issuer.

A route declares its caller as `Annotated[Caller, Depends(require("credits.post"))]`; the token is read
from the Authorization header only, never from the query or a form.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase
from starlette.types import Scope

from libs.common import logs
from libs.common.limits import RequestLimit
from libs.common.problems import InsufficientScope, TooManyRequests, Unauthorized, Unavailable
from libs.common.revocations import Revocations, RevocationSource
from libs.common.tasks import end
from libs.common.tokens import Claims, InvalidToken, KeyTable, TokenVerifier, UnknownKey

#: how often keys are fetched again: a key must be published for longer than this before it signs
REFRESH_S = 300.0
#: while there are none yet, the pauses grow from the first to the longest
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.03, 0.5
#: an unknown kid asks for the keys again, but not more often than this
_UNKNOWN_KEY_PAUSE_S = 5.0

KeySource = Callable[[], Awaitable[KeyTable]]


@dataclass(frozen=True, slots=True)
class ActiveRole:
    """The role a person acts in at the moment, and where."""

    role: str
    organisation: UUID


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated caller of a request.

    A person signed in (`session` is set, `subject` is the lifelong id) or a machine client
    (`organisation` is its institution's id, `subject` the client's own). `family` is that of the refresh
    token it came by; `role` is a hint of what a person wants to act as, and grants nothing by itself.
    """

    subject: UUID
    client_id: str | None
    scopes: frozenset[str]
    organisation: UUID | None
    session: UUID | None
    token_id: str
    family: UUID | None = None
    role: ActiveRole | None = None

    @property
    def is_person(self) -> bool:
        return self.session is not None


class Identity:
    """Verifies the callers of one service. `start` before use, `stop` at the end."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: KeySource,
        limit: RequestLimit,
        revocations: RevocationSource | None = None,
    ) -> None:
        #: which tokens are dead before their time
        self.revocations = Revocations(revocations, self._refresh_keys)
        self._verifier = TokenVerifier(
            issuer=issuer, audience=audience, is_dead=self.revocations.tokens.covers if revocations else None
        )
        self._fetch = keys
        self._limit = limit
        self._callers: OrderedDict[str, Caller] = OrderedDict()
        self._asked_at = 0.0
        self._told = False
        self._asking = asyncio.Lock()
        self._refresher: asyncio.Task[None] | None = None
        self._log = logs.logger(__name__)

    async def start(self) -> None:
        self._refresher = asyncio.create_task(self._refresh_for_ever())
        self.revocations.start()

    async def stop(self) -> None:
        await self.revocations.stop()
        if self._refresher is not None:
            await end(self._refresher)

    @property
    def has_keys(self) -> bool:
        """Without keys every token must be refused: the service is not ready."""
        return len(self._verifier.keys) > 0

    async def caller(self, authorization: str | None) -> Caller:
        """The caller named by an Authorization header; raises Unauthorized, TooManyRequests, Unavailable."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized
        if not self.revocations.is_known:
            raise Unavailable
        claims = await self._claims(token)
        caller = self._callers.get(claims.token_id)
        if caller is None:
            caller = _caller(claims)
            self._callers[claims.token_id] = caller
            if len(self._callers) > 10_000:
                self._callers.popitem(last=False)
        self.count(claims.subject)
        return caller

    def count(self, subject: str) -> None:
        """Count a request of one who is known, by a token or otherwise; raises TooManyRequests."""
        retry_after = self._limit.retry_after(subject)
        if retry_after:
            raise TooManyRequests(retry_after=retry_after)

    async def _claims(self, token: str) -> Claims:
        try:
            return self._verifier.verify(token, time.time())
        except UnknownKey:
            await self._ask_again()
        except InvalidToken:
            raise Unauthorized from None
        if not self.has_keys:
            raise Unavailable
        try:
            return self._verifier.verify(token, time.time())
        except InvalidToken:
            raise Unauthorized from None

    async def _ask_again(self) -> None:
        """A key we do not know: perhaps a new one. One question at a time, and not one per bad token."""
        async with self._asking:
            if time.monotonic() - self._asked_at > _UNKNOWN_KEY_PAUSE_S:
                await self._refresh_keys()

    async def refresh(self) -> None:
        """Fetch keys and revocations now; those we have stay in force when the issuer cannot be asked."""
        await self._refresh_keys()
        await self.revocations.refresh()

    async def _refresh_keys(self) -> bool:
        self._asked_at = time.monotonic()
        try:
            self._verifier.replace_keys(await self._fetch())
        except Exception as error:
            if not self._told:  # once, not with every attempt
                self._log.warning(logs.KEYS_FAILED, error=type(error).__name__)
            self._told = True
            return False
        self._told = False
        return True

    async def _refresh_for_ever(self) -> None:
        """Without keys the service is not ready, so it asks often at first: the issuer may be starting."""
        pause = _FIRST_PAUSE_S
        while True:
            await self._refresh_keys()
            await asyncio.sleep(REFRESH_S if self.has_keys else pause)
            pause = min(pause * 1.2, _LONGEST_PAUSE_S)


def _caller(claims: Claims) -> Caller:
    """Tokens of our issuer always have these forms; anything else is refused like a bad token."""
    try:
        return Caller(
            subject=UUID(claims.subject),
            client_id=claims.client_id,
            scopes=claims.scopes,
            organisation=UUID(claims.organisation) if claims.organisation else None,
            session=UUID(claims.session) if claims.session else None,
            token_id=claims.token_id,
            family=UUID(claims.family) if claims.family else None,
            role=_role(claims.members.get("role")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unauthorized from None


def _role(value: Any) -> ActiveRole | None:
    if value is None:
        return None
    role = value["role"]
    if not isinstance(role, str):
        raise TypeError
    return ActiveRole(role, UUID(value["organisation"]))


def authorization_of(scope: Scope) -> str | None:
    """The header as sent; two of them are no credential at all (RFC 9110, section 5.3)."""
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    return found[0].decode("latin-1") if len(found) == 1 else None


class require(SecurityBase):  # noqa: N801  reads as a verb where it is used
    """The dependency that demands a caller whose token carries `scope`; None demands any valid token."""

    def __init__(self, scope: str | None = None) -> None:
        self.scope = scope
        self.scheme_name = "bearer"
        self.model = HTTPBearerModel(
            bearerFormat="JWT", description="An access token of the identity provider (RFC 9068)."
        )

    async def __call__(self, request: Request) -> Caller:
        identity: Identity = request.app.state.identity
        caller = await identity.caller(authorization_of(request.scope))
        if self.scope is not None and self.scope not in caller.scopes:
            raise InsufficientScope(scope=self.scope)
        return caller
