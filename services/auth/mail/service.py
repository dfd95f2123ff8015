"""Wanting a mail, in the transaction that has the reason for it; the courier sends it afterwards."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from libs.common.languages import Language, Text
from services.auth.mail import repository
from services.auth.mail.rules import LIFE, address
from services.auth.sql import Where


@dataclass(frozen=True, slots=True)
class Message:
    """A mail in both languages; `{placeholders}` are filled by `format`."""

    subject: Text
    body: Text

    def format(self, **values: Any) -> "Message":
        """The message with its placeholders filled."""
        return Message(self.subject.format(**values), self.body.format(**values))


async def send(
    session: Where,
    *,
    to: str | None,
    message: Message,
    language: Language | None = None,
    life: timedelta = LIFE,
) -> bool:
    """Queue one mail; it leaves after the commit, or never if there is none.

    Without a language it is written in both. Not sent after `life`: a link that has expired helps nobody.
    False, and nothing queued, if there is no address or it is none that mail can be sent to.
    """
    recipient = address(to) if to else None
    if recipient is None:
        return False
    subject, body = _in(message.subject, " · ", language), _in(message.body, "\n\n――\n\n", language)
    # One line, whatever a name in it says: a header must not begin another.
    await repository.insert(session, recipient, " ".join(subject.split()), body, datetime.now(UTC) + life)
    return True


def _in(text: Text, between: str, language: Language | None) -> str:
    return text.in_language(language) if language else f"{text.zh}{between}{text.en}"
