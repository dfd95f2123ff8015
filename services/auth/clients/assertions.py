"""Client assertions (RFC 7523, private_key_jwt): a JWT that a client signed with the key it registered.

As in `libs.common.tokens`, everything around the signature is decided here. They have an entry of their own
because their header is another: clients may leave out `kid` and `typ`, our own tokens never do.
"""

import functools
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from libs.common.tokens import LEEWAY_SECONDS, MAX_HEADER_BYTES, KeyTable, canonical, json_object

MAX_CHARACTERS: Final = 4096
# RFC 7523 leaves it to the server how far ahead `exp` may lie. Common clients (Authlib) say an hour; each
# assertion works once, and its jti is kept for as long.
LONGEST_LIFE_SECONDS: Final = 3600
MAX_TEXT: Final = 255
_TYPES: Final = (None, "JWT", "client-authentication+jwt")
_HEADER_MEMBERS: Final = frozenset({"alg", "kid", "typ"})


class InvalidAssertion(Exception):
    """The assertion proves nothing. The text says why, for the audit and for tests."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified assertion: its id, to be used once, and its end in seconds since 1970."""

    jti: str
    expires_at: int


@functools.lru_cache(maxsize=1024)
def key_table(jwks: bytes) -> KeyTable:
    """The keys of a client's registered JWK set, built once for each text."""
    return KeyTable.from_jwks(json.loads(jwks))


def unproven_subject(token: str) -> str | None:
    """The client an assertion names, to find its keys by; nothing is proven yet. None for no assertion."""
    try:
        subject = _opened(token)[1].get("sub")
    except Exception:  # whatever is wrong with it, it is no assertion
        return None
    return subject if isinstance(subject, str) and 0 < len(subject) <= MAX_TEXT else None


def verify(
    token: str, keys: KeyTable, *, client_id: str, audiences: Collection[str], now: float
) -> Assertion:
    """The assertion of this client, for one of these audiences, valid at `now` (seconds since 1970).

    Raises InvalidAssertion and nothing else, whatever the input.
    """
    try:
        header, members = _opened(token)
        _check_signature(token, header, keys)
        return _checked(members, client_id, audiences, now)
    except InvalidAssertion:
        raise
    except Exception as error:  # one refusal for every surprise: a verifier that can raise otherwise is a 500
        raise InvalidAssertion(type(error).__name__) from None


def _opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(token) > MAX_CHARACTERS or not token.isascii():
        raise InvalidAssertion("not an assertion")
    header, payload, _signature = [canonical(part) for part in token.split(".")]
    if len(header) > MAX_HEADER_BYTES:
        raise InvalidAssertion("header too long")
    return json_object(header), json_object(payload)


def _check_signature(token: str, header: Mapping[str, Any], keys: KeyTable) -> None:
    if not header.keys() <= _HEADER_MEMBERS or header.get("typ") not in _TYPES:
        raise InvalidAssertion("header members")
    kid = header["kid"] if "kid" in header else _only_kid(keys, header.get("alg"))
    algorithm, key = keys.find(kid)
    if header.get("alg") != algorithm:
        raise InvalidAssertion("alg")
    signed, _, signature = token.rpartition(".")
    if key.verify(signed.encode(), canonical(signature)) is not True:
        raise InvalidAssertion("signature")


def _only_kid(keys: KeyTable, algorithm: object) -> str:
    """The kid of the only key of this algorithm: an assertion that names none is not tried with several."""
    found = [kid for kid in keys if keys.find(kid)[0] == algorithm]
    if len(found) != 1:
        raise InvalidAssertion("kid")
    return found[0]


def _checked(members: Mapping[str, Any], client_id: str, audiences: Collection[str], now: float) -> Assertion:
    if members.get("iss") != client_id or members.get("sub") != client_id:
        raise InvalidAssertion("iss or sub")
    named = members.get("aud")
    listed = [named] if isinstance(named, str) else named
    if not isinstance(listed, list) or not listed or not all(one in audiences for one in listed):
        raise InvalidAssertion("aud")
    expires_at = _seconds(members, "exp")
    if not now - LEEWAY_SECONDS < expires_at <= now + LONGEST_LIFE_SECONDS + LEEWAY_SECONDS:
        raise InvalidAssertion("exp")
    for begins in ("iat", "nbf"):
        if begins in members and _seconds(members, begins) > now + LEEWAY_SECONDS:
            raise InvalidAssertion(begins)
    jti = members.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_TEXT or not jti.isprintable():
        raise InvalidAssertion("jti")
    return Assertion(jti, expires_at)


def _seconds(members: Mapping[str, Any], name: str) -> int:
    value = members.get(name)
    if type(value) is not int or value < 0:  # a bool is an int to isinstance
        raise InvalidAssertion(name)
    return value
