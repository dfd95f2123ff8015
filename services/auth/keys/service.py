"""The ring of signing keys: turning it, signing with it, and publishing its public half."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common import logs
from libs.common.database import Database, is_away
from libs.common.tokens import KeyTable
from services.auth.actors import SYSTEM
from services.auth.audit.service import remember
from services.auth.keys import repository, rules, signing
from services.auth.keys.sealing import Seal
from services.auth.keys.signing import Signer, TokenType
from services.auth.keys.tables import SigningKey

LOOK_SECONDS = 30.0
KEYS_NOT_READ = "keys.not_read"


class NoSigningKey(Exception):
    """The ring holds no key that may sign now."""


@dataclass(frozen=True, slots=True)
class KeySet:
    """The published key set as it is sent."""

    body: bytes
    etag: str


async def rotate(
    session: AsyncSession, seal: Seal, now: datetime, *, at_once: bool = False
) -> tuple[str, datetime]:
    """Publish a new key and give the old ones their end; the kid and when it begins to sign.

    Verifiers learn the key before it signs, unless there is none yet or `at_once` says that the old one
    must not sign any more. A key that waits already is taken instead of a further one.
    """
    keys = await repository.lock_keys(session)
    times = [rules.KeyTimes(kid=k.kid, signs_at=k.signs_at, retires_at=k.retires_at) for k in keys]
    waiting = next((key for key in times if key.signs_at > now and key.retires_at is None), None)
    if waiting is not None:
        if at_once:
            await repository.sign_from(session, waiting.kid, now)
        return waiting.kid, now if at_once else waiting.signs_at
    immediately = at_once or rules.signing(times, now) is None
    signs_at = now if immediately else now + rules.LEAD
    await repository.retire(session, signs_at + rules.OVERLAP)
    kid, public, private = signing.generate()
    session.add(
        SigningKey(
            kid=kid,
            algorithm=signing.ALGORITHM,
            public_key=public,
            private_key=seal.close(kid, private),
            signs_at=signs_at,
        )
    )
    await session.flush()
    return kid, signs_at


async def rotate_and_remember(
    session: AsyncSession, seal: Seal, now: datetime, *, at_once: bool
) -> tuple[str, datetime]:
    """As `rotate`, by the operator's command: remembered in the audit."""
    kid, signs_at = await rotate(session, seal, now, at_once=at_once)
    await remember(session, SYSTEM, "key.rotated", kid=kid, signs_at=signs_at, at_once=at_once)
    return kid, signs_at


class KeyRing:
    """The keys as this process knows them, read again every 30 s. `start` before use, `stop` at the end."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal
        self._signers: Sequence[Signer] = ()
        self._current: Signer | None = None
        self._published = KeySet(b"", "")
        self._changes_at: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._log = logs.logger(__name__)

    async def start(self) -> None:
        """Read the keys, making the first one of the platform if there is none.

        With the database away the service starts all the same and is not ready; whoever asks for the keys
        (the service itself, several times a second until it has some) has them read then.
        """
        try:
            await self._begin()
        except Exception as error:
            if not is_away(error):
                raise
            self._log.warning(KEYS_NOT_READ, error=type(error).__name__)
        self._task = asyncio.create_task(self._look_for_ever())

    async def _begin(self) -> None:
        await self.refresh()
        if self._current is None:
            async with self._database.transaction() as session:
                keys = await repository.lock_keys(session)
                if not keys:
                    await rotate(session, self._seal, datetime.now(UTC))
            await self.refresh()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def refresh(self) -> None:
        """Read the keys now; known ones keep their constructed objects."""
        known = {signer.kid: signer for signer in self._signers}
        rows = await repository.read_keys(self._database.pool)
        self._signers = [self._signer(row, known.get(row["kid"])) for row in rows]
        self._settle(datetime.now(UTC))

    def sign(self, claims: bytes, typ: TokenType) -> str:
        """A token of the claims (JSON text) by the key that signs now; raises NoSigningKey."""
        self._follow_the_clock()
        if self._current is None:
            raise NoSigningKey
        return self._current.sign(claims, typ)

    @property
    def published(self) -> KeySet:
        """The key set to publish now."""
        self._follow_the_clock()
        return self._published

    async def verification_keys(self) -> KeyTable:
        """The key table with which this service itself verifies."""
        await (self.refresh() if self._signers else self._begin())
        return KeyTable.from_jwks(json.loads(self._published.body))

    def _follow_the_clock(self) -> None:
        if self._changes_at is not None:
            now = datetime.now(UTC)
            if now >= self._changes_at:
                self._settle(now)

    def _settle(self, now: datetime) -> None:
        self._current = rules.signing(self._signers, now)
        self._changes_at = rules.next_change(self._signers, now)
        listed = [signer.public for signer in rules.alive(self._signers, now)]
        body = json.dumps({"keys": listed}, separators=(",", ":")).encode()
        self._published = KeySet(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')

    def _signer(self, row: Any, known: Signer | None) -> Signer:
        private = known.private if known is not None else None
        if private is None and row["private_key"] is not None:
            opened = self._seal.open(row["kid"], row["private_key"])
            private = signing.private_key(opened, row["algorithm"])
        return Signer(
            kid=row["kid"],
            signs_at=row["signs_at"],
            retires_at=row["retires_at"],
            algorithm=row["algorithm"],
            public=json.loads(row["public_key"]),
            private=private,
        )

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.refresh()
            except Exception as error:  # the keys we have stay in force until the database is back
                self._log.warning(KEYS_NOT_READ, error=type(error).__name__)
