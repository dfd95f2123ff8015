"""Signing in with user name and password."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common.database import Database
from services.auth.accounts import service as accounts
from services.auth.accounts.rules import canonical
from services.auth.accounts.service import SignInAccount
from services.auth.passwords.service import Passwords
from services.auth.sessions import service as sessions
from services.auth.sign_in.problems import SignInRefused
from services.auth.throttling.rules import network_of
from services.auth.throttling.service import Throttle

_LONGEST_DEVICE = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just opened, and whose it is."""

    account: SignInAccount
    session: UUID
    expires_at: datetime


class SignIn:
    """Signs people in; the same answer after the same work, whatever was wrong."""

    def __init__(
        self, database: Database, passwords: Passwords, throttle: Throttle, *, session_hours: int
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._session_hours = session_hours

    async def with_password(
        self, username: str, password: str, *, network: str, device: str | None
    ) -> SignedIn:
        """A new session; raises SignInRefused, TooManyRequests, HashingBusy."""
        folded = canonical(username)
        counted = folded if folded is not None else username.strip().casefold()
        await self._throttle.begin(network=network, account=counted)
        try:
            account = await accounts.find_for_sign_in(self._database.pool, folded or "")
            verdict = await self._passwords.check(password, account.password_hash if account else None)
        except BaseException:
            # Nothing was learnt about the password (no place in the pool, a store away): no failure.
            await self._throttle.undo(network=network, account=counted)
            raise
        if account is None or not verdict.right:
            await sessions.remember_refusal(self._database.pool, account.person if account else None)
            raise SignInRefused
        started = await sessions.start(
            self._database.pool,
            account.person,
            hours=self._session_hours,
            network=network_of(network),
            device=device[:_LONGEST_DEVICE] if device else None,
            better_hash=verdict.replacement,
            stored_hash=account.password_hash,
        )
        if started is None:
            raise SignInRefused
        await self._throttle.undo(network=network, account=counted, forgive=True)
        return SignedIn(account, *started)
