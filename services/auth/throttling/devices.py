"""Known devices: browsers that have signed in to an account before, by a cookie that only we can make.

The cookie says nothing about whose devices these are: it holds, for each account, a random number, the day
and a MAC over both and the account's name. It opens nothing; it only has failures counted apart.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

COOKIE: Final = "device"
KNOWN_DAYS: Final = 400
_NUMBER, _DAY, _MAC = 16, 4, 16
_ENTRY: Final = _NUMBER + _DAY + _MAC
_MOST_ACCOUNTS: Final = 10
_LONGEST: Final = 1024
_SECONDS_A_DAY: Final = 86_400


class KnownDevices:
    """Reads and writes the cookie `xuebu_device` under one key."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"known devices:" + secret.encode()).digest()

    def known(self, cookie: str | None, account: str, now: datetime) -> str | None:
        """The device's number if the account's holder has signed in there, else None."""
        for entry in _entries(cookie):
            if self._is_of(entry, account, now):
                return entry[:_NUMBER].hex()
        return None

    def remembering(self, cookie: str | None, account: str, now: datetime) -> str:
        """The cookie that also knows this account, with a number of its own; the oldest account goes."""
        others = [entry for entry in _entries(cookie) if not self._is_of(entry, account, now)]
        head = secrets.token_bytes(_NUMBER) + _day(now).to_bytes(_DAY)
        kept = [head + self._mac(head, account), *others][:_MOST_ACCOUNTS]
        return base64.urlsafe_b64encode(b"".join(kept)).rstrip(b"=").decode()

    def _is_of(self, entry: bytes, account: str, now: datetime) -> bool:
        head, mac = entry[: _NUMBER + _DAY], entry[_NUMBER + _DAY :]
        age = _day(now) - int.from_bytes(head[_NUMBER:])
        return hmac.compare_digest(mac, self._mac(head, account)) and 0 <= age <= KNOWN_DAYS

    def _mac(self, head: bytes, account: str) -> bytes:
        return hmac.new(self._key, head + account.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()[
            :_MAC
        ]


def _entries(cookie: str | None) -> Iterator[bytes]:
    if cookie is None or len(cookie) > _LONGEST:
        return
    try:
        raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
    except ValueError:
        return
    for at in range(0, min(len(raw), _MOST_ACCOUNTS * _ENTRY) - _ENTRY + 1, _ENTRY):
        yield raw[at : at + _ENTRY]


def _day(now: datetime) -> int:
    return int(now.astimezone(UTC).timestamp()) // _SECONDS_A_DAY
