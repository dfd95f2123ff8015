"""Verification of signed tokens, and the only place besides auth's signing that touches python-jose.

python-jose checks a signature well and almost nothing else: it accepts a missing audience or expiry, any
`typ`, unknown `crit`, an unknown `kid`, weak keys and non-canonical base64, and lets several inputs escape as
other exceptions than its own. So everything around the signature is decided here, before and after.
"""

import base64
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, NoReturn, TypeGuard

from jose import backends, jwk, jws
from jose.backends.base import Key
from jose.backends.cryptography_backend import CryptographyECKey, CryptographyRSAKey

Use = Literal["access", "id", "logout"]

MAX_TOKEN_CHARACTERS: Final = 8 * 1024
MAX_HEADER_BYTES: Final = 512
MAX_TEXT: Final = 255
MAX_SCOPE: Final = 1024
MAX_AUDIENCES: Final = 16
MIN_RSA_BITS: Final = 2048
LEEWAY_SECONDS: Final = 10

# The header's `typ`, exact, and the longest life (seconds) that a token of that use may claim.
_TYPE: Final[Mapping[str, tuple[str, int]]] = {
    "access": ("at+jwt", 3600),
    "id": ("JWT", 3600),
    "logout": ("logout+jwt", 600),
}
# Algorithm to key type and curve; everything else, HS256 above all, has no place in a key table.
_KEY_SHAPE: Final[Mapping[str, tuple[str, str | None]]] = {"ES256": ("EC", "P-256"), "RS256": ("RSA", None)}
_HEADER_MEMBERS: Final = frozenset({"alg", "kid", "typ"})
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+\Z")


class InvalidToken(Exception):
    """The one refusal: the token must not be believed. The text says why, for logs and tests only."""


class UnknownKey(InvalidToken):
    """The token names a key that is not in the table: worth one (bounded) look at the issuer's key set."""


def require_cryptography_backends() -> None:
    """Raise RuntimeError unless python-jose uses `cryptography` for EC and RSA, never `ecdsa` or `rsa`."""
    if backends.ECKey is not CryptographyECKey or backends.RSAKey is not CryptographyRSAKey:
        raise RuntimeError("python-jose must use its cryptography back ends for EC and RSA keys")


require_cryptography_backends()


@dataclass(frozen=True, slots=True)
class Claims:
    """A verified token's content; times are seconds since 1970, `members` is every claim, read-only."""

    issuer: str
    subject: str
    audiences: tuple[str, ...]
    expires_at: int
    issued_at: int
    token_id: str
    key_id: str
    client_id: str | None
    scopes: frozenset[str]
    session: str | None
    family: str | None
    organisation: str | None
    members: Mapping[str, Any]


class KeyTable:
    """Public keys by `kid`, each bound to one algorithm and built once."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Mapping[str, tuple[str, Key]]) -> None:
        self._keys = dict(keys)

    @classmethod
    def from_jwks(cls, jwks: Mapping[str, Any]) -> "KeyTable":
        """Build the table of a JWK set (RFC 7517), leaving out keys we could not use safely.

        Only ES256 on P-256 and RS256 of at least 2,048 bits are taken, never a symmetric or private key.
        Raises ValueError for a document that is no key set or that gives one kid twice.
        """
        listed = jwks.get("keys") if isinstance(jwks, Mapping) else None
        if not isinstance(listed, list):
            raise ValueError("not a JWK set")
        keys: dict[str, tuple[str, Key]] = {}
        for entry in listed:
            built = _key_of(entry)
            if built is None:
                continue
            kid, algorithm, key = built
            if kid in keys:
                raise ValueError("a JWK set must not give one kid twice")
            keys[kid] = (algorithm, key)
        return cls(keys)

    def find(self, kid: str) -> tuple[str, Key]:
        """The algorithm and key of `kid`; raises UnknownKey."""
        try:
            return self._keys[kid]
        except KeyError:
            raise UnknownKey("unknown kid") from None

    def __contains__(self, kid: object) -> bool:
        return kid in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _key_of(entry: object) -> tuple[str, str, Key] | None:
    if not isinstance(entry, dict) or "d" in entry or entry.get("use", "sig") != "sig":
        return None
    kid, algorithm = entry.get("kid"), entry.get("alg")
    if not _is_text(kid, MAX_TEXT) or not _is_text(algorithm, MAX_TEXT):
        return None
    if (entry.get("kty"), entry.get("crv")) != _KEY_SHAPE.get(algorithm):
        return None
    try:
        key = jwk.construct(entry, algorithm)
    except Exception:  # whatever python-jose or cryptography says of a malformed key: we cannot use it
        return None
    if algorithm == "RS256" and key.prepared_key.key_size < MIN_RSA_BITS:
        return None
    return kid, algorithm, key


def verify(
    token: object,
    keys: KeyTable,
    *,
    issuer: str,
    audience: str | frozenset[str],
    use: Use = "access",
    now: float,
) -> Claims:
    """The claims of a token of this issuer, for this audience and use, valid at `now` (seconds since 1970).

    Of several audiences one is enough: only whoever judges tokens on behalf of all of them names several.
    Raises InvalidToken and nothing else, whatever the input; UnknownKey where only the key is missing.
    """
    try:
        return _verify(token, keys, issuer, audience, use, now)
    except InvalidToken:
        raise
    except Exception as error:  # one refusal for every surprise: a verifier that can raise otherwise is a 500
        raise InvalidToken(type(error).__name__) from None


def _verify(
    token: object, keys: KeyTable, issuer: str, audience: str | frozenset[str], use: Use, now: float
) -> Claims:
    if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        _refuse("not a token")
    parts = token.split(".")
    if len(parts) != 3:
        _refuse("not three parts")
    header_bytes, _, _ = [canonical(part) for part in parts]
    typ, longest_life = _TYPE[use]
    kid, algorithm, key = _guard(header_bytes, keys, typ)
    payload = jws.verify(token, key, algorithms=[algorithm])
    members = json_object(payload)
    return _checked(members, kid, issuer, audience, longest_life, now)


def _guard(header_bytes: bytes, keys: KeyTable, typ: str) -> tuple[str, str, Key]:
    if len(header_bytes) > MAX_HEADER_BYTES:
        _refuse("header too long")
    header = json_object(header_bytes)
    if header.keys() != _HEADER_MEMBERS:
        _refuse("header members")
    kid = header["kid"]
    if header["typ"] != typ or not _is_text(kid, MAX_TEXT):
        _refuse("typ or kid")
    algorithm, key = keys.find(kid)
    if header["alg"] != algorithm:
        _refuse("alg")
    return kid, algorithm, key


def _checked(
    members: dict[str, Any],
    kid: str,
    issuer: str,
    audience: str | frozenset[str],
    longest_life: int,
    now: float,
) -> Claims:
    expires_at, issued_at = _seconds(members, "exp"), _seconds(members, "iat")
    if expires_at <= now - LEEWAY_SECONDS:
        _refuse("expired")
    if issued_at > now + LEEWAY_SECONDS:
        _refuse("issued in the future")
    if not 0 < expires_at - issued_at <= longest_life:
        _refuse("lifetime")
    if "nbf" in members and _seconds(members, "nbf") > now + LEEWAY_SECONDS:
        _refuse("not yet valid")
    if _text(members, "iss") != issuer:
        _refuse("iss")
    audiences = _audiences(members)
    if (frozenset({audience}) if isinstance(audience, str) else audience).isdisjoint(audiences):
        _refuse("aud")
    scope = _text(members, "scope", MAX_SCOPE) if "scope" in members else ""
    return Claims(
        issuer=issuer,
        subject=_text(members, "sub"),
        audiences=audiences,
        expires_at=expires_at,
        issued_at=issued_at,
        token_id=_text(members, "jti"),
        key_id=kid,
        client_id=_optional_text(members, "client_id"),
        scopes=frozenset(scope.split(" ")) - {""},
        session=_optional_text(members, "sid"),
        family=_optional_text(members, "family"),
        organisation=_optional_text(members, "org"),
        members=MappingProxyType(members),
    )


def _refuse(why: str) -> NoReturn:
    raise InvalidToken(why)


def canonical(part: str) -> bytes:
    """The bytes of unpadded base64url in its only spelling; refuses any other spelling of them."""
    if not _BASE64URL.match(part):
        _refuse("base64url")
    decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != part.encode():
        _refuse("base64url")
    return decoded


def json_object(text: bytes) -> dict[str, Any]:
    value = json.loads(text.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_refuse)
    if not isinstance(value, dict):
        _refuse("not an object")
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse("repeated member")
    return members


def _is_text(value: object, longest: int) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()


def _text(members: Mapping[str, Any], name: str, longest: int = MAX_TEXT) -> str:
    value = members.get(name)
    if not _is_text(value, longest):
        _refuse(name)
    return value


def _optional_text(members: Mapping[str, Any], name: str) -> str | None:
    return _text(members, name) if name in members else None


def _seconds(members: Mapping[str, Any], name: str) -> int:
    value = members.get(name)
    if type(value) is not int or value < 0:  # a bool is an int to isinstance
        _refuse(name)
    return value


def _audiences(members: Mapping[str, Any]) -> tuple[str, ...]:
    value = members.get("aud")
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_AUDIENCES:
        _refuse("aud")
    if not all(_is_text(one, MAX_TEXT) for one in listed):
        _refuse("aud")
    return tuple(listed)


class TokenVerifier:
    """Verifies tokens of one issuer, audience and use, and remembers the good ones until they expire.

    Verified tokens are kept by SHA-256 of their text, least recently used first out; refusals are not kept,
    so a flood of bad tokens takes no memory. `is_dead` is asked of every token, also of a remembered one: it
    must go by the claims, since a token's text is malleable and its id is not.
    """

    __slots__ = ("_audience", "_capacity", "_is_dead", "_issuer", "_keys", "_seen", "_use")

    def __init__(
        self,
        *,
        issuer: str,
        audience: str | frozenset[str],
        use: Use = "access",
        keys: KeyTable | None = None,
        capacity: int = 10_000,
        is_dead: Callable[[Claims], bool] | None = None,
    ) -> None:
        self._issuer, self._audience, self._use = issuer, audience, use
        self._keys = keys or KeyTable({})
        self._capacity = capacity
        self._is_dead = is_dead
        self._seen: OrderedDict[bytes, Claims] = OrderedDict()

    @property
    def keys(self) -> KeyTable:
        """The keys in force."""
        return self._keys

    def replace_keys(self, keys: KeyTable) -> None:
        """Take a new key table; tokens verified with a key that is no longer in it are forgotten at once."""
        self._keys = keys
        for digest in [digest for digest, claims in self._seen.items() if claims.key_id not in keys]:
            del self._seen[digest]

    def forget(self) -> None:
        """Forget every verified token, so that each is verified again at its next use."""
        self._seen.clear()

    def verify(self, token: object, now: float) -> Claims:
        """As the function `verify`, from memory where this very text was verified before and still lives."""
        if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
            raise InvalidToken("not a token")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._seen.get(digest)
        if known is not None:
            if self._is_dead is not None and self._is_dead(known):
                del self._seen[digest]
                _refuse("revoked")
            if known.expires_at > now - LEEWAY_SECONDS and known.issued_at <= now + LEEWAY_SECONDS:
                self._seen.move_to_end(digest)
                return known
            del self._seen[digest]
        claims = verify(
            token, self._keys, issuer=self._issuer, audience=self._audience, use=self._use, now=now
        )
        if self._is_dead is not None and self._is_dead(claims):
            _refuse("revoked")
        self._seen[digest] = claims
        if len(self._seen) > self._capacity:
            self._seen.popitem(last=False)
        return claims

    def __len__(self) -> int:
        return len(self._seen)
