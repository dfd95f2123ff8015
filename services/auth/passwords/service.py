"""Choosing and checking passwords, off the event loop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.auth.passwords import hashing
from services.auth.passwords.hashing import Verdict, imported, is_acceptable
from services.auth.passwords.pool import HashingPool
from services.auth.passwords.problems import PasswordRefused
from services.auth.passwords.rules import MAX_CODE_POINTS, MIN_ALONE, normalised, weakness
from services.auth.passwords.stand_ins import StandIns

__all__ = ["ChosenPassword", "Passwords", "Verdict", "imported", "is_acceptable"]


@dataclass(frozen=True, slots=True)
class ChosenPassword:
    """The hash of an accepted password, and whether that is too short without a second factor."""

    hash: str
    is_short: bool


class Passwords:
    """The passwords of one process."""

    def __init__(self, *, threads: int = 2, queue: int = 64, secret: str = "") -> None:
        self._pool = HashingPool(threads=threads, queue=queue)
        self._stand_ins = StandIns(secret)

    def start(self) -> None:
        """Begin what the first sign-in would have to wait for; nobody waits for it here."""
        self._pool.begin(hashing.make_ready)

    async def chosen(
        self, password: str, *, second_factor: bool = False, context: Iterable[str] = ()
    ) -> ChosenPassword:
        """A new password, hashed; raises PasswordRefused (no hash is run) or HashingBusy."""
        reason = weakness(password, second_factor=second_factor, context=context)
        if reason is not None:
            raise PasswordRefused(reason, second_factor=second_factor)
        text = normalised(password) or ""
        return ChosenPassword(await self._pool.run(hashing.hashed, text), is_short=len(text) < MIN_ALONE)

    def learn_kinds(self, counts: Mapping[str, int]) -> None:
        """How many accounts have hashes of each kind, so that names which nobody has are as slow."""
        self._stand_ins.learn(counts)

    async def check(self, password: str, stored: str | None, *, name: str = "") -> Verdict:
        """Whether the password is right; None for no such account of that name takes the same time.

        What cannot be anybody's password (empty, over-long, control characters) is checked in vain as well.
        """
        text = normalised(password) if 0 < len(password) <= 4 * MAX_CODE_POINTS else None
        if text is None or len(text) > MAX_CODE_POINTS:
            return await self._pool.run(hashing.verified, "nothing", None)
        verdict = await self._pool.run(hashing.verified, text, stored or self._stand_ins.of(name))
        return verdict if stored is not None else Verdict(right=False)

    def stop(self) -> None:
        self._pool.stop()
