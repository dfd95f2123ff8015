"""Use cases of second factors: being set up, asked for at sign-in, and removed."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common.database import Database
from libs.common.problems import Forbidden
from services.auth.accounts import service as accounts
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.keys.sealing import Seal
from services.auth.mail import service as mail
from services.auth.mail.service import Message
from services.auth.second_factors import messages, repository, totp
from services.auth.second_factors.problems import (
    FreshSignInNeeded,
    PasswordTooShortAlone,
    SecondFactorAbsent,
    SecondFactorCodeRefused,
    SecondFactorPresent,
)
from services.auth.second_factors.rules import (
    RECOVERY_CHARACTERS,
    RECOVERY_CODES,
    RECOVERY_LENGTH,
    Method,
    in_groups,
    read_code,
)
from services.auth.sessions import service as sessions
from services.auth.sql import Where
from services.auth.throttling.service import Throttle

ISSUER = "Xuebu"


async def is_enrolled(where: Where, person: UUID) -> bool:
    """Whether signing in asks this person for a second factor."""
    return await repository.is_enrolled(where, person)


async def state_of(where: Where, person: UUID) -> tuple[datetime | None, int]:
    """Since when the person has a second factor, and how many recovery codes are unused."""
    return await repository.state_of(where, person)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app must learn, as text to type and as an address to show in a picture."""

    secret: str
    address: str


class SecondFactors:
    """The second factors of all people. A secret opens only under the person it was sealed for."""

    def __init__(self, database: Database, seal: Seal, throttle: Throttle) -> None:
        self._database = database
        self._seal = seal
        self._throttle = throttle

    async def check(self, person: UUID, code: str, now: datetime, *, network: str) -> Method | None:
        """Use a code up and say what it was; None if it is not right, was used, or nobody's.

        Counted per person and network before the code is looked at, also in the database: after a hundred
        wrong ones in a row only a recovery code is right. Raises TooManyRequests.
        """
        counted = f"second-factor:{person}"
        await self._throttle.begin(network=network, account=counted)
        try:
            method = await self._used(person, code, now)
        except BaseException:
            await self._throttle.undo(network=network, account=counted)
            raise
        if method is not None:
            await self._throttle.undo(network=network, account=counted, forgive=True)
        return method

    async def _used(self, person: UUID, code: str, now: datetime) -> Method | None:
        kind, clean = read_code(code) or (None, "")
        right = False
        if kind == "otp":
            right = await self._use_step(person, clean, now)
        async with self._database.transaction() as session:
            if kind == "recovery":
                right = await repository.use_recovery_code(session, person, _digest(clean))
            if right and kind == "recovery":
                await _tell(session, person, messages.CODE_USED)
                actor = Actor("person", person)
                await remember(session, actor, "second_factor.recovery_code_used", subject=person)
            elif not right:
                await remember(session, Actor("system"), "second_factor.refused", subject=person)
        return kind if right else None

    async def _use_step(self, person: UUID, code: str, now: datetime) -> bool:
        pool = self._database.pool
        factor = await repository.count_a_try(pool, person)
        if factor is None:
            return False
        secret = self._seal.open(_sealed_for(person), factor["secret"])
        step = totp.matching_step(secret, code, now, last_step=factor["last_step"])
        return step is not None and await repository.use_step(pool, person, step)

    async def begin(self, actor: Actor) -> Enrolment:
        """A new secret, to be confirmed in this session within ten minutes; it counts for nothing yet.

        Raises FreshSignInNeeded, SecondFactorPresent.
        """
        person, own = _own(actor)
        secret = totp.new_secret()
        async with self._database.transaction() as session:
            await _require_fresh(session, person, own)
            sealed = self._seal.close(_sealed_for(person), secret)
            if not await repository.begin(session, person, sealed, own):
                raise SecondFactorPresent
            username = await accounts.username_of(session, person)
        address = totp.address(secret, issuer=ISSUER, account=username or str(person))
        return Enrolment(totp.spelled(secret), address)

    async def pending(self, actor: Actor) -> Enrolment | None:
        """The secret that this session began and has not confirmed yet, to be shown again."""
        person, own = _own(actor)
        async with self._database.transaction() as session:
            await _require_fresh(session, person, own)
            sealed = await repository.pending(session, person, own)
            username = await accounts.username_of(session, person)
        if sealed is None:
            return None
        secret = self._seal.open(_sealed_for(person), sealed)
        address = totp.address(secret, issuer=ISSUER, account=username or str(person))
        return Enrolment(totp.spelled(secret), address)

    async def confirm(self, actor: Actor, code: str, now: datetime) -> list[str]:
        """Let the secret count from now on, proved by its code; the recovery codes, shown this once.

        Other sessions end: they began without it. Raises FreshSignInNeeded, SecondFactorAbsent,
        SecondFactorCodeRefused.
        """
        person, own = _own(actor)
        kind, clean = read_code(code) or (None, "")
        async with self._database.transaction() as session:
            await _require_fresh(session, person, own)
            sealed = await repository.pending(session, person, own)
            if sealed is None:
                raise SecondFactorAbsent
            secret = self._seal.open(_sealed_for(person), sealed)
            step = totp.matching_step(secret, clean, now, last_step=0) if kind == "otp" else None
            if step is None:
                raise SecondFactorCodeRefused
            await repository.confirm(session, person, step)
            codes = await _new_codes(session, person)
            await sessions.end_all_sessions(session, person, keep=own)
            await _tell(session, person, messages.ENROLLED)
            await remember(session, actor, "second_factor.enrolled", subject=person)
        return codes

    async def renew_codes(self, actor: Actor, code: str, now: datetime, *, network: str) -> list[str]:
        """New recovery codes in place of all earlier ones, proved by a code."""
        person = await self._proved(actor, code, now, network=network)
        async with self._database.transaction() as session:
            codes = await _new_codes(session, person)
            await _tell(session, person, messages.CODES_RENEWED)
            await remember(session, actor, "second_factor.recovery_codes_renewed", subject=person)
        return codes

    async def remove(self, actor: Actor, code: str, now: datetime, *, network: str) -> None:
        """Remove one's own second factor, proved by a code. Raises PasswordTooShortAlone besides."""
        person, _ = _own(actor)
        if await repository.has_short_password(self._database.pool, person):
            raise PasswordTooShortAlone
        await self._proved(actor, code, now, network=network)
        async with self._database.transaction() as session:
            if not await repository.remove(session, person):
                raise SecondFactorAbsent
            await _tell(session, person, messages.REMOVED)
            await remember(session, actor, "second_factor.removed", subject=person)

    async def _proved(self, actor: Actor, code: str, now: datetime, *, network: str) -> UUID:
        person, own = _own(actor)
        await _require_fresh(self._database.pool, person, own)
        if not await repository.is_enrolled(self._database.pool, person):
            raise SecondFactorAbsent
        if await self.check(person, code, now, network=network) is None:
            raise SecondFactorCodeRefused
        return person


async def reset(session: Where, actor: Actor, person: UUID) -> None:
    """Remove the second factor of a person who has lost it, as an administrator in charge everywhere.

    Every session ends, and a password that is too short alone no longer counts: a code from the school is
    needed for a new one. Raises NotFound, NotInCharge, SecondFactorAbsent.
    """
    organisation = await accounts.require_reach(session, actor, person)
    if not await repository.remove(session, person):
        raise SecondFactorAbsent
    await accounts.void_short_password(session, person)
    await sessions.end_all_sessions(session, person)
    await _tell(session, person, messages.REMOVED)
    await remember(session, actor, "second_factor.reset", organisation=organisation, subject=person)


def _own(actor: Actor) -> tuple[UUID, UUID]:
    """The acting person and the session they act in."""
    if actor.person is None or actor.session is None:
        raise Forbidden
    return actor.person, actor.session


async def _require_fresh(where: Where, person: UUID, session: UUID) -> None:
    if not await repository.is_fresh(where, person, session):
        raise FreshSignInNeeded


async def _new_codes(session: Where, person: UUID) -> list[str]:
    codes = [
        "".join(secrets.choice(RECOVERY_CHARACTERS) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    await repository.replace_recovery_codes(session, person, [_digest(code) for code in codes])
    return [in_groups(code) for code in codes]


async def _tell(session: Where, person: UUID, message: Message) -> None:
    await mail.send(session, to=await accounts.mail_address_of(session, person), message=message)


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _sealed_for(person: UUID) -> str:
    return f"second factor of {person}"
