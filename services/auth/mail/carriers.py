"""How mail leaves: to a mail server by SMTP, or into a folder on a developer's machine."""

import asyncio
import os
import smtplib
import ssl
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from services.auth.mail.rules import PORTS

SECONDS: Final = 20.0


class MailRefused(Exception):
    """The server will never take this mail; trying again is useless. The code is SMTP's."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class NotEncrypted(OSError):
    """The server does not offer the encryption it should; the mail waits rather than going in the clear."""


class Carrier(Protocol):
    """Takes a mail away for good, or raises: MailRefused for ever, OSError and SMTPException for now."""

    async def carry(self, mail: EmailMessage) -> None: ...


class Folder:
    """Writes each mail as a file, whole or not at all; for development."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def carry(self, mail: EmailMessage) -> None:
        await asyncio.to_thread(self._write, mail)

    def _write(self, mail: EmailMessage) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = str(mail["Message-ID"]).strip("<>").split("@")[0]
        unfinished = self._folder / f".{name}"
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(mail.as_bytes(policy=SMTPUTF8))
        os.replace(unfinished, self._folder / f"{name}.eml")


class SmtpServer:
    """Hands each mail to one server (RFC 5321), encrypted unless the server is this very machine."""

    def __init__(
        self,
        server: str,
        *,
        username: str | None = None,
        password: str | None = None,
        certificates: str | None = None,
    ) -> None:
        parts = urlsplit(server)
        self._scheme, self._host = parts.scheme, parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._username, self._password = username, password
        self._trust = ssl.create_default_context(cafile=certificates)

    async def carry(self, mail: EmailMessage) -> None:
        try:
            await asyncio.to_thread(self._send, mail)
        except smtplib.SMTPRecipientsRefused as error:
            code = max(code for code, _ in error.recipients.values())
            if code >= 500:
                raise MailRefused(code) from None
            raise
        except smtplib.SMTPNotSupportedError:  # a recipient beyond ASCII, and a server that knows only ASCII
            raise MailRefused(553) from None
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            if error.smtp_code >= 500:
                raise MailRefused(error.smtp_code) from None
            raise

    def _send(self, mail: EmailMessage) -> None:
        with self._connected() as server:
            if self._username is not None:
                server.login(self._username, self._password or "")
            server.send_message(mail)

    def _connected(self) -> smtplib.SMTP:
        if self._scheme == "smtps":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=SECONDS, context=self._trust)
        server = smtplib.SMTP(self._host, self._port, timeout=SECONDS)
        if self._scheme == "smtp+starttls":
            try:
                server.starttls(context=self._trust)
            except smtplib.SMTPNotSupportedError:
                server.close()
                raise NotEncrypted from None
            except BaseException:
                server.close()
                raise
        return server


def carrier(
    server: str, *, username: str | None, password: str | None, certificates: str | None
) -> Carrier | None:
    """The carrier a setting names; None where no mail is sent."""
    if not server:
        return None
    if server.startswith("file:"):
        return Folder(Path(unquote(urlsplit(server).path)))
    return SmtpServer(server, username=username, password=password, certificates=certificates)


def composed(identifier: str, sender: str, recipient: str, subject: str, body: str) -> EmailMessage:
    """The mail as it travels; the same identifier each time it is tried, so that a twin can be recognised."""
    mail = EmailMessage(policy=SMTP if recipient.isascii() else SMTPUTF8)
    domain = sender.rpartition("@")[2]
    mail["From"] = Address("学簿 Xuebu", addr_spec=sender)
    local, _, host = recipient.rpartition("@")
    mail["To"] = Address(username=local, domain=host.encode("idna").decode("ascii"))
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{identifier}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    mail.set_content(body + "\n", charset="utf-8", cte="base64")
    return mail
