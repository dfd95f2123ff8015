"""Authorization codes: how they are made, kept and proved (RFC 6749, section 4.1; RFC 7636)."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

CODE_LIFE: Final = timedelta(seconds=60)
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")


class CodeRefused(Exception):
    """The code is not one that this client may redeem now: `invalid_grant`."""


class CodeReplayed(CodeRefused):
    """The code was redeemed before: the tokens of `family_id` must end (RFC 6749, section 4.1.2)."""

    def __init__(self, family_id: UUID) -> None:
        super().__init__("replayed")
        self.family_id = family_id


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a redeemed code grants. `family_id` is new; whoever redeems opens the family under it."""

    family_id: UUID
    person_id: UUID
    session_id: UUID
    scopes: frozenset[str]
    audiences: tuple[str, ...]
    nonce: str | None
    claims: Mapping[str, Any] | None
    authenticated_at: datetime
    methods: tuple[str, ...]


def new_code() -> tuple[str, bytes]:
    """A code of 32 random bytes, and the digest under which it is kept."""
    code = secrets.token_urlsafe(32)
    return code, digest_of(code)


def digest_of(code: str) -> bytes:
    """How a code is kept: it is random, so one SHA-256 is enough."""
    return hashlib.sha256(code.encode()).digest()


def is_code(text: str) -> bool:
    """Whether the text has the form of a code."""
    return _CODE.match(text) is not None


def challenge_of(verifier: str) -> str | None:
    """The S256 challenge of a PKCE verifier; None where it does not have the form of one."""
    if not _VERIFIER.match(verifier):
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
