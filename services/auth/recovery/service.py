"""Use cases of recovery: wanting a link, being sent one, choosing a password with it.

Nobody learns whether an account exists: wanting a link is storing what was typed, whatever it was; a worker
looks it up afterwards, and only the inbox of the stored address sees the difference.
"""

import hashlib
import secrets
from urllib.parse import urlencode

from libs.common.database import Database
from libs.common.languages import Language
from services.auth.accounts import service as accounts
from services.auth.accounts.rules import canonical
from services.auth.actors import SYSTEM, Actor
from services.auth.audit.service import remember
from services.auth.mail import service as mail
from services.auth.passwords.service import Passwords
from services.auth.recovery import messages, repository
from services.auth.recovery.problems import RecoveryRefused
from services.auth.recovery.rules import LINK_BYTES, LINK_LIFE, LINK_MINUTES
from services.auth.second_factors import service as second_factors
from services.auth.throttling.service import Throttle


async def answer_wish(database: Database, public_address: str) -> bool:
    """Look one wish up and queue its mail; False if there was none."""
    async with database.transaction() as session:
        wish = await repository.take_wish(session)
        if wish is None:
            return False
        found = await repository.recipient(session, wish["canonical"]) if wish["is_recent"] else None
        person = found["person_id"] if found else None
        if found is not None and found["email"] and found["is_due"]:
            secret = secrets.token_urlsafe(LINK_BYTES)
            await repository.add_link(session, _digest(secret), found["person_id"], _digest(found["email"]))
            link = f"{public_address}/recover/choose?{urlencode({'link': secret})}"
            message = messages.LINK.format(username=found["username"], link=link, minutes=LINK_MINUTES)
            language: Language = "zh-CN" if wish["language"] == "zh-CN" else "en"
            await mail.send(session, to=found["email"], message=message, language=language, life=LINK_LIFE)
        await remember(session, SYSTEM, "account.recovery_requested", subject=person)
    return True


class Recovery:
    """Recovers accounts for people who read the mail of the stored address."""

    def __init__(self, database: Database, passwords: Passwords, throttle: Throttle) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle

    async def want_link(self, username: str, language: Language, *, network: str) -> None:
        """Have a link sent to the stored address of the account of that name, if there is one and it has one.

        The same work and the same answer, whatever was typed. Counted per network; raises TooManyRequests.
        """
        await self._throttle.begin(network=network)
        async with self._database.transaction() as session:
            await repository.wish(session, canonical(username) or "", language)

    async def is_good(self, link: str) -> bool:
        """Whether a link would be taken now. Looking does not use it up: mail scanners look too."""
        return await repository.find(self._database.pool, _digest(link)) is not None

    async def choose_password(
        self, link: str, password: str, language: Language | None, *, network: str
    ) -> None:
        """Set a new password with a link; every session and everything given to applications ends.

        Signs nobody in: the next sign-in still asks for the second factor. Wrong links count per network.
        Raises RecoveryRefused, PasswordRefused, TooManyRequests, HashingBusy.
        """
        await self._throttle.begin(network=network)
        try:
            username = await self._choose(link, password, language)
        except RecoveryRefused:
            raise
        except BaseException:
            await self._throttle.undo(network=network)
            raise
        await self._throttle.undo(network=network)
        await self._throttle.forgive(canonical(username) or username)

    async def _choose(self, link: str, password: str, language: Language | None) -> str:
        digest = _digest(link)
        found = await repository.find(self._database.pool, digest)
        if found is None:
            raise RecoveryRefused
        person = found["person_id"]
        chosen = await self._passwords.chosen(
            password,
            second_factor=await second_factors.is_enrolled(self._database.pool, person),
            context=accounts.names_in(found),
        )
        async with self._database.transaction() as session:
            await accounts.hold(session, person)
            if not await repository.use(session, digest):
                raise RecoveryRefused
            await accounts.set_chosen_password(session, person, chosen)
            await mail.send(session, to=found["email"], message=messages.RECOVERED, language=language)
            await remember(session, Actor("person", person), "account.recovered", subject=person)
        username: str = found["username"]
        return username


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
