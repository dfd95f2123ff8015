"""Accounts: their states and how user names compare."""

import unicodedata
from typing import Final, Literal, get_args

AccountState = Literal["invited", "active", "disabled"]
STATES: Final[tuple[str, ...]] = get_args(AccountState)

MAX_USERNAME: Final = 128
CODE_CHARACTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32, none of which reads like another
CODE_LENGTH: Final = 16
CODE_LIFE_DAYS: Final = 14

# Invisible or direction-changing characters make names that look alike and are not.
_FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def canonical(username: str) -> str | None:
    """The form in which user names are compared and kept unique, or None for what no user name can be.

    NFKC and casefold, twice over until it stays (NFKC of a folded text can fold again); a text with an
    ASCII character that only normalising brought in (full-width @, the Kelvin sign) is folded like the rest.
    """
    text = username.strip()
    if not 0 < len(text) <= MAX_USERNAME:
        return None
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).casefold()
    if not 0 < len(folded) <= MAX_USERNAME or any(character.isspace() for character in folded):
        return None
    if any(unicodedata.category(character) in _FORBIDDEN_CATEGORIES for character in folded):
        return None
    return folded


def canonical_code(code: str) -> str:
    """An activation code without the spaces, hyphens and small letters of its typing."""
    return "".join(code.split()).replace("-", "").upper()
