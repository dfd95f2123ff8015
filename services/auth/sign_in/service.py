"""Signing in: user name and password, then the second factor where the person has one."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from libs.common.database import Database
from services.auth.accounts import service as accounts
from services.auth.accounts.rules import canonical
from services.auth.accounts.service import SignInAccount
from services.auth.passwords.service import Passwords
from services.auth.second_factors import service as second_factors
from services.auth.second_factors.service import SecondFactors
from services.auth.sessions import service as sessions
from services.auth.sessions.service import Session
from services.auth.sign_in import repository
from services.auth.sign_in.problems import SignInRefused
from services.auth.throttling.devices import KnownDevices
from services.auth.throttling.rules import network_of
from services.auth.throttling.service import Throttle

_LONGEST_DEVICE: Final = 200
#: how long the second factor may take
STEP_LIFE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser somebody signs in at: its network and secret, and who was signed in there until now."""

    network: str
    agent: str | None
    browser: bytes
    device_cookie: str | None
    session: Session | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A browser's new session: its secret, and the cookie by which the device is known from now on."""

    person: UUID
    session: UUID
    secret: str
    device_cookie: str | None


@dataclass(frozen=True, slots=True)
class HalfDone:
    """A sign-in that waits for its second factor."""

    person: UUID
    username: str


class SignIn:
    """Signs people in; the same answer after the same work, whatever was wrong."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        throttle: Throttle,
        devices: KnownDevices,
        *,
        session_hours: int,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._devices = devices
        self._session_hours = session_hours

    async def begin(self, username: str, password: str, visitor: Visitor) -> Opened | None:
        """A session for the browser, or None: the second factor comes next.

        Raises SignInRefused, TooManyRequests, HashingBusy.
        """
        account, better = await self._proved(username, password, visitor.network, visitor.device_cookie)
        pool = self._database.pool
        stored = account.password_hash
        if better is not None:
            await repository.upgrade_hash(pool, account.person, stored, better)
            stored = better
        if account.has_second_factor:
            expires_at = datetime.now(UTC) + STEP_LIFE
            await repository.begin(pool, visitor.browser, account.person, expires_at)
            return None
        return await self._complete(account.person, account.canonical, stored, ("pwd",), visitor)

    async def half_done(self, browser: bytes) -> HalfDone | None:
        """The sign-in of this browser that waits for its second factor."""
        row = await repository.find(self._database.pool, browser)
        return HalfDone(row["person_id"], row["username"]) if row is not None else None

    async def give_up(self, browser: bytes) -> None:
        """Forget the sign-in that waits: somebody else wants to sign in here."""
        await repository.give_up(self._database.pool, browser)

    async def with_second_factor(
        self, factors: SecondFactors, code: str, visitor: Visitor, now: datetime
    ) -> Opened | None:
        """The session of a half-done sign-in, or the present one made stronger; None for a wrong code.

        Raises SignInRefused where nothing waits for a code, TooManyRequests.
        """
        pool = self._database.pool
        waiting = await repository.find(pool, visitor.browser)
        if waiting is not None:
            person: UUID = waiting["person_id"]
        elif visitor.session is not None:
            person = visitor.session.person
        else:
            raise SignInRefused
        if not await second_factors.is_enrolled(pool, person):
            raise SignInRefused
        method = await factors.check(person, code, now, network=visitor.network)
        if method is None:
            return None
        methods = ("pwd", method, "mfa")
        if waiting is None:
            return await self._strengthened(methods, visitor)
        taken = await repository.take(pool, visitor.browser)
        if taken is None:
            raise SignInRefused
        return await self._complete(person, taken["canonical"], taken["password_hash"], methods, visitor)

    async def _strengthened(self, methods: Sequence[str], visitor: Visitor) -> Opened:
        """The browser's session with a second factor besides; when the person signed in stays true."""
        present, secret = visitor.session, secrets.token_urlsafe(32)
        if present is None or not await sessions.strengthen(self._database.pool, present, methods, secret):
            raise SignInRefused
        return Opened(present.person, present.id, secret, visitor.device_cookie)

    async def _proved(
        self, username: str, password: str, network: str, cookie: str | None
    ) -> tuple[SignInAccount, str | None]:
        """The account whose password was right, and a better hash if there is one."""
        folded = canonical(username)
        counted = folded if folded is not None else username.strip().casefold()
        device = self._devices.known(cookie, counted, datetime.now(UTC))
        await self._throttle.begin(network=network, account=counted, device=device)
        try:
            account = await accounts.find_for_sign_in(self._database.pool, folded or "")
            stored = account.password_hash if account else None
            verdict = await self._passwords.check(password, stored, name=counted)
        except BaseException:
            # Nothing was learnt about the password (no place in the pool, a store away): no failure.
            await self._throttle.undo(network=network, account=counted, device=device)
            raise
        if account is None or not verdict.right:
            await sessions.remember_refusal(self._database.pool, account.person if account else None)
            raise SignInRefused
        await self._throttle.undo(network=network, account=counted, device=device, forgive=True)
        return account, verdict.replacement

    async def _complete(
        self, person: UUID, account: str, stored_hash: str, methods: Sequence[str], visitor: Visitor
    ) -> Opened:
        """The session under a new secret; whoever else was signed in at this browser no longer is."""
        pool = self._database.pool
        secret = secrets.token_urlsafe(32)
        started = await sessions.start(
            pool,
            person,
            hours=self._session_hours,
            network=network_of(visitor.network),
            device=visitor.agent[:_LONGEST_DEVICE] if visitor.agent else None,
            stored_hash=stored_hash,
            methods=methods,
            secret=secret,
            previous=visitor.session,
        )
        if started is None:
            raise SignInRefused
        before = visitor.session
        if before is not None and before.id != started[0]:
            async with self._database.transaction() as session:
                await sessions.end_if_alive(session, before.actor, before.id)
        remembering = self._devices.remembering(visitor.device_cookie, account, datetime.now(UTC))
        return Opened(person, started[0], secret, remembering)
