"""Tokens that are dead before their time, as the issuer tells it; every process of ours keeps the list.

A process asks for what is new every 2 seconds and obeys from then on. While the issuer is away it goes on
with what it knows: so a revocation acts within 2 seconds of the issuer being there, and at the latest with
the token's own end. Until the list has been read once, nobody is let in. The same answer says whether the
issuer's keys have changed, so that a revoked key dies as fast as a revoked token.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from libs.common import logs
from libs.common.tasks import end
from libs.common.tokens import Claims
from libs.common.wire import CallRefused

#: how often the issuer is asked for new revocations
POLL_S: Final = 2.0
#: while the list has not been read yet, the pauses grow from the first to POLL_S; after a refusal they grow
#: from the second to the longest, so that wrong credentials are no flood
_FIRST_PAUSE_S, _REFUSED_PAUSE_S, _LONGEST_PAUSE_S = 0.03, 0.5, 30.0
_PRUNE_EVERY_S: Final = 60.0
_EVER: Final = 2**62

Kind = Literal["token", "family", "session", "client", "person"]


@dataclass(frozen=True, slots=True)
class Revocation:
    """Tokens of this kind and value are dead if issued at `issued_until` or before (None: all of them).

    Times are seconds since 1970; after `until` no such token can be valid anyway.
    """

    kind: Kind
    value: str
    issued_until: int | None
    until: int


@dataclass(frozen=True, slots=True)
class RevocationPage:
    """What is new since a cursor, the cursor to ask with next, and a text that changes with the keys."""

    items: Sequence[Revocation]
    next: str
    more: bool
    keys: str


#: asked with the cursor of the answer before, None at first
RevocationSource = Callable[[str | None], Awaitable[RevocationPage]]


class RevokedTokens:
    """The revocations known to this process. Tokens are known by what they carry, never by their text."""

    def __init__(self) -> None:
        # By kind, then by value: tokens issued at this second or before are dead.
        self._dead: dict[Kind, dict[str | None, int]] = {kind: {} for kind in get_args(Kind)}
        self._tokens, self._families = self._dead["token"], self._dead["family"]
        self._sessions, self._clients = self._dead["session"], self._dead["client"]
        self._persons = self._dead["person"]
        self._until: dict[tuple[Kind, str], int] = {}

    def add(self, items: Iterable[Revocation]) -> None:
        for one in items:
            self._dead[one.kind][one.value] = _EVER if one.issued_until is None else one.issued_until
            self._until[one.kind, one.value] = one.until

    def prune(self, now: float) -> None:
        """Forget what ends nothing any more."""
        for key in [key for key, until in self._until.items() if until < now]:
            del self._until[key]
            del self._dead[key[0]][key[1]]

    def covers(self, claims: Claims) -> bool:
        """Whether the token of these claims is dead; asked at every use of every token."""
        issued = claims.issued_at
        return (
            self._tokens.get(claims.token_id, -1) >= issued
            or self._sessions.get(claims.session, -1) >= issued
            or self._families.get(claims.family, -1) >= issued
            or self._clients.get(claims.client_id, -1) >= issued
            or self._persons.get(claims.subject, -1) >= issued
        )

    def __len__(self) -> int:
        return len(self._until)


class Revocations:
    """Follows the issuer's list; without a source it is empty for ever. `start` before use, `stop` after."""

    def __init__(self, source: RevocationSource | None, keys_changed: Callable[[], Awaitable[bool]]) -> None:
        self.tokens = RevokedTokens()
        self.is_known = source is None
        self._source = source
        self._keys_changed = keys_changed
        self._cursor: str | None = None
        self._keys = ""
        self._told = False
        self._pruned_at = 0.0
        self._asking = asyncio.Lock()
        self._follower: asyncio.Task[None] | None = None
        self._log = logs.logger(__name__)

    def start(self) -> None:
        if self._source is not None:
            self._follower = asyncio.create_task(self._follow_for_ever())

    async def stop(self) -> None:
        if self._follower is not None:
            await end(self._follower)

    async def refresh(self) -> bool:
        """Ask for what is new now; False if the issuer could not be asked: then what is known holds on."""
        try:
            await self._read()
        except Exception as error:
            self._tell(error)
            return False
        self._told = False
        return True

    async def _read(self) -> None:
        """Everything new, page by page; the question is asked after the call, so nothing before is missed."""
        if self._source is None:
            return
        async with self._asking:
            more = True
            while more:
                page = await self._source(self._cursor)
                self.tokens.add(page.items)
                self._cursor, more = page.next, page.more
            self.is_known = True
            if page.keys != self._keys and await self._keys_changed():
                self._keys = page.keys
        now = time.time()
        if now - self._pruned_at > _PRUNE_EVERY_S:
            self._pruned_at = now
            self.tokens.prune(now)

    async def _follow_for_ever(self) -> None:
        pause, refused_pause = _FIRST_PAUSE_S, _REFUSED_PAUSE_S
        while True:
            try:
                await self._read()
            except Exception as error:
                self._tell(error)
                if isinstance(error, CallRefused) and error.status < 500:
                    await asyncio.sleep(refused_pause)
                    refused_pause = min(refused_pause * 2, _LONGEST_PAUSE_S)
                    continue
            else:
                self._told, refused_pause = False, _REFUSED_PAUSE_S
            await asyncio.sleep(POLL_S if self.is_known else pause)
            pause = min(pause * 1.2, _REFUSED_PAUSE_S)

    def _tell(self, error: Exception) -> None:
        if not self._told:  # once, not with every attempt
            self._log.warning(logs.REVOCATIONS_FAILED, error=type(error).__name__)
        self._told = True
