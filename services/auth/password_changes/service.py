"""Changing one's own password."""

from typing import Final

from libs.common.database import Database
from libs.common.languages import Language, Text
from libs.common.problems import Forbidden
from services.auth.accounts import service as accounts
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.mail import service as mail
from services.auth.mail.service import Message
from services.auth.password_changes.problems import CurrentPasswordWrong, PasswordUnchanged
from services.auth.passwords.rules import normalised
from services.auth.passwords.service import Passwords
from services.auth.second_factors import service as second_factors
from services.auth.throttling.service import Throttle

CHANGED: Final = Message(
    Text("Your password was changed", "您的密码已更改"),
    Text(
        "The password of your account was changed. Other devices and applications were signed out.\n\n"
        "If this was not you, ask for a new password on the sign-in page at once and tell your school.",
        "您账号的密码已更改，其他设备和应用均已退出登录。\n\n"
        "如果这不是您本人的操作，请立即在登录页面申请新密码并告知学校。",
    ),
)


class PasswordChanges:
    """Changes passwords of people who know the present one."""

    def __init__(self, database: Database, passwords: Passwords, throttle: Throttle) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle

    async def change(
        self, actor: Actor, current: str, new: str, *, network: str, language: Language | None
    ) -> None:
        """Set a new password; other sessions and what applications hold end, the present session stays.

        Raises CurrentPasswordWrong, PasswordUnchanged, PasswordRefused, TooManyRequests, HashingBusy.
        """
        person = actor.person
        account = await accounts.own_account(self._database.pool, person) if person else None
        if person is None or account is None:
            raise Forbidden
        stored = account["password_hash"]
        await self._require_current(f"password:{person}", current, stored, network=network)
        if normalised(current) == normalised(new):
            raise PasswordUnchanged
        chosen = await self._passwords.chosen(
            new,
            second_factor=await second_factors.is_enrolled(self._database.pool, person),
            context=accounts.names_in(account),
        )
        async with self._database.transaction() as session:
            if not await accounts.is_password(session, person, stored):
                raise CurrentPasswordWrong  # another change, or a suspension, came first
            await accounts.set_chosen_password(session, person, chosen, keep=actor.session)
            await mail.send(session, to=account["email"], message=CHANGED, language=language)
            await remember(session, actor, "account.password_changed", subject=person)

    async def _require_current(self, counted: str, current: str, stored: str, *, network: str) -> None:
        """The present password is right, counted as wrong before it is looked at."""
        await self._throttle.begin(network=network, account=counted)
        try:
            verdict = await self._passwords.check(current, stored)
        except BaseException:
            await self._throttle.undo(network=network, account=counted)
            raise
        if not verdict.right:
            raise CurrentPasswordWrong
        await self._throttle.undo(network=network, account=counted, forgive=True)
