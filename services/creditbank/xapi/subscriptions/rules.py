"""What subscriptions are, where they may lead, and when a delivery is tried again."""

import base64
import hmac
import ipaddress
from typing import Final
from urllib.parse import urlsplit

KINDS: Final = ("webhook", "record-store")
STATUSES: Final = ("active", "paused", "ending", "ended")
#: nobody changes these any more
OVER: Final = ("ending", "ended")
#: what a delivery tells of statements: themselves, or the ids of those that are gone or name nobody now
TELLS: Final = ("stored", "erased", "changed")
ACTS: Final = ("created", "paused", "resumed", "ended", "sent again")
#: who subscribes in an organisation's name
SUBSCRIBING: Final = ("administrator",)
#: statements of one delivery, and their bytes unless it is only one
MOST_STATEMENTS: Final = 100
MOST_BYTES: Final = 1024 * 1024
#: tries until a delivery is dead: about seventeen hours
MOST_ATTEMPTS: Final = 15
_LONGEST_PAUSE_S: Final = 6 * 3600
_FIRST_PAUSE_S: Final = 5
#: answers that blame what was sent; it will be no better later
_BLAMING: Final = frozenset({400, 409, 413, 415, 422})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: addresses that stand for IPv4 ones, which is_global does not look into (RFC 6052)
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")


def pause_s(attempts: int) -> float:
    """Seconds until a delivery that failed so many times is tried again."""
    return float(min(_FIRST_PAUSE_S * 2 ** min(attempts, 20), _LONGEST_PAUSE_S))


def is_blaming(status: int | None) -> bool:
    """Whether an answer says that what was sent is wrong; None where there was none."""
    return status in _BLAMING


def is_allowed_address(address: str, *, development: bool, private: bool) -> bool:
    """Whether statements may be sent there at all: encrypted, or in development to this very machine.

    Names are judged by what they lead to, when something is sent.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        return False
    if not address.isascii() or any(sign.isspace() or not sign.isprintable() for sign in address):
        return False
    if parts.scheme != "https" and not (development and parts.scheme == "http" and host in _LOOPBACK):
        return False
    try:
        return is_allowed_network(host, development=development, private=private)
    except ValueError:
        return True


def is_allowed_network(ip: str, *, development: bool, private: bool) -> bool:
    """Whether statements may be sent to an IP address: a public one, or what settings allow beside."""
    found = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found in _TRANSLATED:
            found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        elif found.sixtofour is not None or found.teredo is not None:
            return False
    if found.is_multicast or found.is_unspecified or found.is_link_local:
        return False
    return found.is_global or (development and found.is_loopback) or private


def signature(secret: bytes, identifier: str, seconds: int, body: bytes) -> str:
    """The header webhook-signature, as Standard Webhooks has it: of id, time and body."""
    signed = hmac.digest(secret, f"{identifier}.{seconds}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"


def first_that_fit(positions: list[int], sizes: list[int]) -> list[int]:
    """As many as one delivery takes, at least one."""
    taken, size = 0, 0
    for one in sizes[:MOST_STATEMENTS]:
        size += one
        if taken and size > MOST_BYTES:
            break
        taken += 1
    return positions[:taken]
