"""Password hashes, and the only place that imports passlib (the maintained libpass under that name).

New hashes are argon2id, computed and verified by OpenSSL through the package cryptography, which has the same
result sooner than the reference implementation passlib calls; other kinds and costs are passlib's.
"""

import base64
import os
import re
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from passlib.context import CryptContext

# The first of OWASP's settings for argon2id.
_KIB: Final = 19_456
_PASSES: Final = 2
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_NEW: Final = f"$argon2id$v=19$m={_KIB},t={_PASSES},p=1$"
# The others are only verified, for accounts that came with a hash from another system, and replaced at their
# first sign-in.
_CONTEXT: Final[Any] = CryptContext(
    schemes=["argon2", "bcrypt_sha256", "bcrypt", "pbkdf2_sha256"],
    default="argon2",
    deprecated=["bcrypt_sha256", "bcrypt", "pbkdf2_sha256"],
    argon2__type="ID",
    argon2__memory_cost=_KIB,
    argon2__time_cost=_PASSES,
    argon2__parallelism=1,
)

MAX_HASH_CHARACTERS: Final = 512
_ARGON2: Final = re.compile(
    r"\$argon2(?:id|i|d)\$v=19\$m=(?P<m>[1-9]\d{0,9}),t=(?P<t>[1-9]\d{0,9}),p=(?P<p>[1-9]\d{0,9})"
    r"\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}"
)
_BCRYPT: Final = re.compile(r"\$2[aby]\$(?P<r>\d\d)\$[./A-Za-z0-9]{53}")
_BCRYPT_SHA256: Final = re.compile(
    r"\$bcrypt-sha256\$(?:2[ab],|v=2,t=2b,r=)(?P<r>\d{1,2})\$[./A-Za-z0-9]{22}\$[./A-Za-z0-9]{31}"
)
_DJANGO_PBKDF2: Final = re.compile(
    r"pbkdf2_sha256\$(?P<r>[1-9]\d{0,9})\$(?P<salt>[A-Za-z0-9]{8,64})\$(?P<hash>[A-Za-z0-9+/]{43}=)"
)
_PBKDF2: Final = re.compile(r"\$pbkdf2-sha256\$(?P<r>[1-9]\d{0,9})\$[./A-Za-z0-9]{11,86}\$[./A-Za-z0-9]{43}")
# Nobody's work factors are higher, and nobody may make one verification take seconds or gigabytes.
_MAX_ARGON2_KIB: Final = 128 * 1024
_MAX_ARGON2_KIB_PASSES: Final = 512 * 1024
_MAX_ARGON2_LANES: Final = 8
_BCRYPT_COSTS: Final = range(4, 15)
_MAX_PBKDF2_ROUNDS: Final = 2_000_000
_MAX_BCRYPT_BYTES: Final = 72


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right, and the hash to store instead of an old one."""

    right: bool
    replacement: str | None = None


def hashed(password: str) -> str:
    """A new argon2id hash with a random salt; about 18 ms of processor time and 19 MiB."""
    salt = os.urandom(_SALT_BYTES)
    function = Argon2id(salt=salt, length=_HASH_BYTES, iterations=_PASSES, lanes=1, memory_cost=_KIB)
    return function.derive_phc_encoded(password.encode())


def is_acceptable(stored: str) -> bool:
    """Whether a hash is of a kind we verify, with work factors that one sign-in may cost us."""
    if len(stored) > MAX_HASH_CHARACTERS:
        return False
    if found := _ARGON2.fullmatch(stored):
        memory, passes, lanes = int(found["m"]), int(found["t"]), int(found["p"])
        return (
            8 * lanes <= memory <= _MAX_ARGON2_KIB
            and memory * passes <= _MAX_ARGON2_KIB_PASSES
            and lanes <= _MAX_ARGON2_LANES
        )
    if found := _BCRYPT.fullmatch(stored) or _BCRYPT_SHA256.fullmatch(stored):
        return int(found["r"]) in _BCRYPT_COSTS
    if found := _PBKDF2.fullmatch(stored):
        return int(found["r"]) <= _MAX_PBKDF2_ROUNDS
    return False


def work_of(stored: str) -> float:
    """About how many milliseconds one verification takes; only for putting kinds in an order."""
    if found := _ARGON2.fullmatch(stored):
        return int(found["m"]) * int(found["t"]) / 1900
    if found := _BCRYPT.fullmatch(stored) or _BCRYPT_SHA256.fullmatch(stored):
        return 0.055 * float(2 ** int(found["r"]))
    if found := _PBKDF2.fullmatch(stored):
        return int(found["r"]) / 5000
    return 0.0


def imported(written: str) -> str | None:
    """A hash of another system in the form in which we verify it, or None for what we would not run.

    Besides our own forms those of Django: `pbkdf2_sha256$rounds$salt$hash`, and bcrypt and argon2 behind its
    names for them.
    """
    if found := _DJANGO_PBKDF2.fullmatch(written):
        salt = base64.b64encode(found["salt"].encode()).decode().rstrip("=").replace("+", ".")
        digest = found["hash"].rstrip("=").replace("+", ".")
        written = f"$pbkdf2-sha256${found['r']}${salt}${digest}"
    else:
        for name in ("bcrypt$", "argon2"):
            if written.startswith(f"{name}$"):
                written = written.removeprefix(name)
    return written if is_acceptable(written) and _is_readable(written) else None


def _is_readable(stored: str) -> bool:
    """Whether the library takes the hash apart: regular expressions do not see stray bits of base64."""
    try:
        scheme = _CONTEXT.identify(stored)
        _CONTEXT.handler(scheme).from_string(stored)
    except (ValueError, TypeError, KeyError):
        return False
    return True


def verified(password: str, stored: str | None) -> Verdict:
    """Whether the password is that of the stored hash; costs a verification whether or not there is one.

    A hash we would not run, and a password its scheme cannot take, are simply wrong.
    """
    if stored is None or not is_acceptable(stored):
        _verify_in_vain(password)
        return Verdict(right=False)
    if stored.startswith("$2") and len(password.encode()) > _MAX_BCRYPT_BYTES:  # bcrypt would cut it off
        _verify_in_vain(password)
        return Verdict(right=False)
    try:
        if stored.startswith(_NEW):
            return Verdict(right=_is_of(stored, password))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sloppy but readable hashes
            right, replacement = _CONTEXT.verify_and_update(password, stored)
    except (ValueError, TypeError):  # all of passlib's complaints about passwords and hashes are of these
        _verify_in_vain(password)
        return Verdict(right=False)
    return Verdict(right=right, replacement=replacement)


def make_ready() -> None:
    """Make the first attempt, on whatever account, take no longer than the others."""
    _of_nobody()


@cache
def _of_nobody() -> str:
    """The hash of nobody's password."""
    return hashed("nobody has this password")


def _verify_in_vain(password: str) -> None:
    _is_of(_of_nobody(), password[:MAX_HASH_CHARACTERS])


def _is_of(stored: str, password: str) -> bool:
    """Whether a hash that costs what new ones do is that of a password."""
    try:
        Argon2id.verify_phc_encoded(password.encode(), stored)
    except InvalidKey:
        return False
    return True
