"""Which addresses a client may be registered with (RFC 6749, section 3.1.2; RFC 8252, section 7)."""

import re
from typing import Final
from urllib.parse import urlsplit

from libs.common.languages import Text
from services.auth.clients.rules import is_loopback

# What RFC 3986 allows in an address, without the fragment; and spellings that browsers read in another way.
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+\Z")
_CLIMBING: Final = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}(?::[1-9][0-9]{0,4})?\Z"
)
# A private-use scheme begins with a domain name of its owner, the other way round: com.example.app
_PRIVATE_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+\Z")

_CHARACTERS_WRONG: Final = Text(
    "It has characters that no address may have, or a fragment.", "地址含有不允许的字符或片段标识。"
)
_CLIMBS: Final = Text("It has dots as a part of its path.", "地址的路径中含有点号段。")
_HTTPS: Final = Text(
    "It must begin with https:// and a domain name in lower case.", "地址必须以 https:// 和小写域名开头。"
)
_NATIVE: Final = Text(
    "It must be https, at a loopback interface, or of a scheme like com.example.app.",
    "地址必须为 https、本机回环地址，或形如 com.example.app 的自定义协议。",
)


def what_is_wrong(kind: str, address: str, *, development: bool) -> Text | None:
    """Why a client of this kind cannot be answered at `address`; None if it can.

    Programs on a device may use a loopback interface; others may while they are being developed.
    """
    if not _CHARACTERS.match(address):
        return _CHARACTERS_WRONG
    try:
        parts = urlsplit(address)
    except ValueError:
        return _CHARACTERS_WRONG
    if _CLIMBING.search(parts.path):
        return _CLIMBS
    if is_loopback(address):
        return None if kind == "native" or development else _HTTPS
    if address.startswith("https://"):
        return None if _HOST.match(parts.netloc) and _has_port(parts.netloc) else _HTTPS
    if kind != "native":
        return _HTTPS
    scheme = address.partition(":")[0]
    return None if _PRIVATE_SCHEME.match(scheme) and not parts.netloc else _NATIVE


def _has_port(netloc: str) -> bool:
    port = netloc.partition(":")[2]
    return not port or int(port) <= 65535
