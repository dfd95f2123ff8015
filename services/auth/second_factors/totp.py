"""Time-based one-time codes (RFC 6238, SHA-1, 30 s, 6 digits: what every authenticator app understands).

With `passwords.hashing` the only place that imports passlib (the maintained libpass under that name).
"""

import base64
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import quote

from passlib.exc import TokenError, UsedTokenError
from passlib.totp import TOTP

from services.auth.second_factors.rules import DIGITS, SECRET_BYTES, STEP_S, WINDOW_S


def new_secret() -> bytes:
    """160 random bits."""
    return secrets.token_bytes(SECRET_BYTES)


def spelled(secret: bytes) -> str:
    """The secret in base32, for typing it where no picture can be taken."""
    return base64.b32encode(secret).decode().rstrip("=")


def address(secret: bytes, *, issuer: str, account: str) -> str:
    """The otpauth address that an authenticator app reads from a picture."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return (
        f"otpauth://totp/{label}?secret={spelled(secret)}&issuer={quote(issuer, safe='')}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
    )


def matching_step(secret: bytes, code: str, now: datetime, *, last_step: int) -> int | None:
    """The time step whose code this is, one step early or late at most; None for wrong and used ones."""
    try:
        match = _generator(secret).match(
            code, time=int(now.timestamp()), window=WINDOW_S, last_counter=last_step or None
        )
    except (UsedTokenError, TokenError):
        return None
    counter: int = match.counter
    return counter if counter > last_step else None


def code_at(secret: bytes, moment: datetime) -> str:
    """The code an authenticator app shows at a moment."""
    token: str = _generator(secret).generate(time=int(moment.timestamp())).token
    return token


def _generator(secret: bytes) -> Any:
    return TOTP(key=secret, format="raw", digits=DIGITS, period=STEP_S)
