"""Sends what waits, one mail at a time, apart from every request."""

import smtplib
from datetime import timedelta
from email.errors import MessageError
from typing import Any, Final

from libs.common.database import Database
from libs.common.recurring import Recurring
from services.auth.mail import repository
from services.auth.mail.carriers import SECONDS, Carrier, MailRefused, composed
from services.auth.mail.rules import pause_after

MAIL_SENT: Final = "mail.sent"
MAIL_POSTPONED: Final = "mail.postponed"
MAIL_HAS_NO_SERVER: Final = "mail.has_no_server"
MAIL_GIVEN_UP: Final = "mail.given_up"
COURIER_FAILED: Final = "mail.courier_failed"
LOOK_SECONDS: Final = 2.0
"""How often mail is looked for that nobody woke us for: another process's, or one to be tried again."""
_LEASE: Final = timedelta(seconds=6 * SECONDS)  # longer than any attempt, whose every step has its limit


class Courier(Recurring):
    """Sends the mail of all processes' transactions; a failure is tried again, ever later, until it is late.

    Each mail is sent at least once: a courier that dies after the server took it sends it again, under the
    same Message-ID. Nothing personal is logged, and nothing of a mail is kept once it is sent or given up.
    """

    def __init__(
        self,
        database: Database,
        carrier: Carrier | None,
        *,
        sender: str,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        super().__init__(self.look, failed=COURIER_FAILED, retry_seconds=look_seconds)
        self._database = database
        self._carrier = carrier
        self._sender = sender
        self._look_seconds = look_seconds

    def start(self) -> None:
        """Begin to look for mail; where it cannot be sent, it is only forgotten once it is late."""
        if self._carrier is None:
            self._log.warning(MAIL_HAS_NO_SERVER)
        super().start()

    async def look(self) -> float:
        """Send whatever is due."""
        if self._carrier is None:
            await repository.forget_late(self._database.pool)
        while self._carrier is not None and await self._one(self._carrier):
            pass
        return self._look_seconds

    async def _one(self, carrier: Carrier) -> bool:
        """Send the mail that is due; False if none is."""
        pool = self._database.pool
        mail = await repository.take(pool, _LEASE)
        if mail is None:
            return False
        identifier, attempts = mail["id"], mail["attempts"]
        if mail["is_late"]:
            self._log.warning(MAIL_GIVEN_UP, mail=str(identifier), attempts=attempts - 1, reason="late")
            await repository.forget(pool, identifier)
            return True
        code = await self._carried(carrier, mail)
        if code is None:
            self._log.info(MAIL_SENT, mail=str(identifier), attempts=attempts)
        elif code >= 500:
            self._log.warning(MAIL_GIVEN_UP, mail=str(identifier), attempts=attempts, reason=str(code))
        else:
            await repository.postpone(pool, identifier, pause_after(attempts))
            return True
        await repository.forget(pool, identifier)
        return True

    async def _carried(self, carrier: Carrier, mail: Any) -> int | None:
        """None once the mail is taken; else a code, of which those from 500 are for ever."""
        identifier = str(mail["id"])
        try:
            letter = composed(identifier, self._sender, mail["recipient"], mail["subject"], mail["body"])
        except (ValueError, MessageError):  # an address that no header can spell
            return 553
        try:
            await carrier.carry(letter)
        except MailRefused as refused:
            return refused.code
        except (OSError, smtplib.SMTPException) as error:
            code = getattr(error, "smtp_code", None)
            self._log.warning(
                MAIL_POSTPONED, mail=identifier, attempts=mail["attempts"], error=type(error).__name__
            )
            return code if isinstance(code, int) and code < 500 else 400
        return None
