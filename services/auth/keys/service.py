"""The ring of signing keys: turning it, signing with it, and publishing its public half."""

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common import logs
from libs.common.database import Database, is_away
from libs.common.tokens import KeyTable
from services.auth.actors import SYSTEM
from services.auth.audit.service import remember
from services.auth.keys import repository, rules, signing
from services.auth.keys.rules import Algorithm
from services.auth.keys.sealing import Seal
from services.auth.keys.signing import Signer, TokenType
from services.auth.keys.tables import SigningKey

KEYS_NOT_READ = "keys.not_read"


class NoSigningKey(Exception):
    """The ring holds no key that may sign now."""


class NoSuchKey(Exception):
    """There is no key of this kid, or it is over already."""


@dataclass(frozen=True, slots=True)
class KeySet:
    """The published key set as it is sent."""

    body: bytes
    etag: str


async def rotate(
    session: AsyncSession,
    seal: Seal,
    now: datetime,
    *,
    algorithm: Algorithm = "ES256",
    at_once: bool = False,
) -> tuple[str, datetime]:
    """Publish a new key and give the old ones their end; the kid and when it begins to sign.

    Verifiers learn the key before it signs, unless there is none yet. `at_once` waits for our own services
    only, a few seconds. A key that waits already is taken instead of a further one.
    """
    keys = await _lock(session)
    lead = rules.LEAD_AT_ONCE if at_once else rules.LEAD
    waiting = rules.waiting(keys, algorithm, now)
    if waiting is not None:
        signs_at = min(waiting.signs_at, max(now, waiting.published_at + lead))
        if at_once:
            await repository.sign_from(session, waiting.kid, signs_at)
        return waiting.kid, signs_at if at_once else waiting.signs_at
    signing_now = rules.signing(keys, algorithm, now)
    return await _publish(session, seal, algorithm, signing_now, now, lead)


async def revoke(session: AsyncSession, seal: Seal, kid: str, now: datetime) -> tuple[str, datetime]:
    """End a key whose private half may be known to others; the key that signs next, and from when on.

    Nobody is to believe its tokens from now on. If it was the one that signed, its successor signs at once.
    Raises NoSuchKey.
    """
    keys = await _lock(session)
    revoked = next((key for key in rules.alive(keys, now) if key.kid == kid), None)
    if revoked is None:
        raise NoSuchKey(kid)
    algorithm = cast(Algorithm, revoked.algorithm)
    signed = rules.signing(keys, algorithm, now) == revoked
    await repository.revoke(session, kid, now)
    left = [key for key in keys if key != revoked]
    successor = rules.waiting(left, algorithm, now)
    if successor is not None:
        if signed:
            await repository.sign_from(session, successor.kid, now)
        return successor.kid, now if signed else successor.signs_at
    signing_now = rules.signing(left, algorithm, now)
    if not signed and signing_now is not None and signing_now.retires_at is None:
        return signing_now.kid, signing_now.signs_at
    return await _publish(session, seal, algorithm, None if signed else signing_now, now, rules.LEAD)


async def _publish(
    session: AsyncSession,
    seal: Seal,
    algorithm: Algorithm,
    signing_now: rules.KeyTimes | None,
    now: datetime,
    lead: timedelta,
) -> tuple[str, datetime]:
    """Make a key and publish it; it signs after `lead`, or at once where no key signs now."""
    began = time.monotonic()
    kid, public, private = await asyncio.to_thread(signing.generate, algorithm)
    # An RSA key may take a second to find, and nobody can learn it before: its lead begins when it exists.
    now += timedelta(seconds=time.monotonic() - began)
    signs_at = now if signing_now is None else now + lead
    await repository.retire(
        session, algorithm, signing_now.kid if signing_now else None, signs_at + rules.OVERLAP
    )
    session.add(
        SigningKey(
            kid=kid,
            algorithm=algorithm,
            public_key=public,
            private_key=seal.close(kid, private),
            published_at=now,
            signs_at=signs_at,
        )
    )
    await session.flush()
    return kid, signs_at


async def _lock(session: AsyncSession) -> list[rules.PublishedKey]:
    return [
        rules.PublishedKey(
            kid=key.kid,
            algorithm=key.algorithm,
            signs_at=key.signs_at,
            retires_at=key.retires_at,
            published_at=key.published_at,
        )
        for key in await repository.lock_keys(session)
    ]


async def rotate_and_remember(
    session: AsyncSession, seal: Seal, now: datetime, *, algorithm: Algorithm, at_once: bool
) -> tuple[str, datetime]:
    """As `rotate`, by the operator's command: remembered in the audit."""
    kid, signs_at = await rotate(session, seal, now, algorithm=algorithm, at_once=at_once)
    await remember(
        session, SYSTEM, "key.rotated", kid=kid, algorithm=algorithm, signs_at=signs_at, at_once=at_once
    )
    return kid, signs_at


async def revoke_and_remember(
    session: AsyncSession, seal: Seal, kid: str, now: datetime
) -> tuple[str, datetime]:
    """As `revoke`, by the operator's command: remembered in the audit."""
    successor, signs_at = await revoke(session, seal, kid, now)
    await remember(session, SYSTEM, "key.revoked", kid=kid, successor=successor, signs_at=signs_at)
    return successor, signs_at


async def states(pool: Any, now: datetime) -> list[dict[str, Any]]:
    """Every key with its state and times, oldest first."""
    rows = await repository.read_keys(pool)
    keys = [
        rules.KeyTimes(
            kid=row["kid"],
            algorithm=row["algorithm"],
            signs_at=row["signs_at"],
            retires_at=row["retires_at"],
        )
        for row in rows
    ]
    return [
        {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "state": rules.state(key, keys, now),
            "signs_at": key.signs_at.isoformat(),
            "retires_at": key.retires_at.isoformat() if key.retires_at else None,
        }
        for key in keys
    ]


class KeyRing:
    """The keys as this process knows them, read again every 2 s. `start` before use, `stop` at the end."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal
        self._signers: Sequence[Signer] = ()
        self._signing: dict[str, Signer] = {}
        self._published = KeySet(b"", "")
        self._table = KeyTable({})
        self._changes_at: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._log = logs.logger(__name__)

    async def start(self) -> None:
        """Read the keys, making the platform's first one of each algorithm if there is none.

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
        missing = [algorithm for algorithm in rules.ALGORITHMS if algorithm not in self._signing]
        if missing:
            async with self._database.transaction() as session:
                present = {key.algorithm for key in await repository.lock_keys(session)}
                for algorithm in missing:
                    if algorithm not in present:
                        await rotate(session, self._seal, datetime.now(UTC), algorithm=algorithm)
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

    def sign(self, claims: bytes, typ: TokenType, algorithm: Algorithm = "ES256") -> str:
        """A token of the claims (JSON text) by the key of that algorithm that signs now.

        Raises NoSigningKey.
        """
        self._follow_the_clock()
        signer = self._signing.get(algorithm)
        if signer is None:
            raise NoSigningKey(algorithm)
        return signer.sign(claims, typ)

    @property
    def published(self) -> KeySet:
        """The key set to publish now."""
        self._follow_the_clock()
        return self._published

    @property
    def table(self) -> KeyTable:
        """The keys that verify now, as this process knows them; built when they change."""
        self._follow_the_clock()
        return self._table

    async def verification_keys(self) -> KeyTable:
        """The key table with which this service itself verifies, read anew."""
        await (self.refresh() if self._signers else self._begin())
        return self._table

    def _follow_the_clock(self) -> None:
        if self._changes_at is not None:
            now = datetime.now(UTC)
            if now >= self._changes_at:
                self._settle(now)

    def _settle(self, now: datetime) -> None:
        found = {algorithm: rules.signing(self._signers, algorithm, now) for algorithm in rules.ALGORITHMS}
        self._signing = {algorithm: signer for algorithm, signer in found.items() if signer is not None}
        self._changes_at = rules.next_change(self._signers, now)
        listed = [signer.public for signer in rules.alive(self._signers, now)]
        body = json.dumps({"keys": listed}, separators=(",", ":")).encode()
        if body != self._published.body:
            self._published = KeySet(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
            self._table = KeyTable.from_jwks({"keys": listed})

    def _signer(self, row: Any, known: Signer | None) -> Signer:
        private = known.private if known is not None else None
        if private is None and row["private_key"] is not None:
            opened = self._seal.open(row["kid"], row["private_key"])
            private = signing.private_key(opened, row["algorithm"])
        return Signer(
            kid=row["kid"],
            algorithm=row["algorithm"],
            signs_at=row["signs_at"],
            retires_at=row["retires_at"],
            public=known.public if known is not None else json.loads(row["public_key"]),
            private=private,
        )

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(rules.LOOK_SECONDS)
            try:
                await self.refresh()
            except Exception as error:  # the keys we have stay in force until the database is back
                self._log.warning(KEYS_NOT_READ, error=type(error).__name__)
