"""Which passwords are accepted (NIST SP 800-63B-4, section 3.1.1): length and a blocklist, nothing else."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, Literal

from services.auth.passwords.blocklist import COMMON

Weakness = Literal["unreadable", "too_short", "too_long", "common", "repeated", "sequential", "contextual"]

MIN_ALONE: Final = 15
MIN_WITH_SECOND_FACTOR: Final = 8
MAX_CODE_POINTS: Final = 128

# Runs that fingers find by themselves; also read backwards.
_RUNS: Final = tuple(
    run + run
    for forward in (
        "0123456789",
        "abcdefghijklmnopqrstuvwxyz",
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "qwertyuiopasdfghjklzxcvbnm",
        "1q2w3e4r5t6y7u8i9o0p",
        "qazwsxedcrfvtgbyhnujmikolp",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
        "一二三四五六七八九十",
    )
    for run in (forward, forward[::-1])
)
_SHORTEST_RUN: Final = 3
# What may be left of a password once everything common is taken away, before it counts as nobody's secret.
_MIN_REMAINDER: Final = 5
_LEET: Final = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i"}
)
_PRODUCT: Final = ("xuebu", "学簿", "学部", "学习空间", "学分银行", "learningspace", "creditbank")


_LONGEST_COMMON: Final = max(map(len, COMMON))


def minimum(*, second_factor: bool) -> int:
    """How many characters a password must have."""
    return MIN_WITH_SECOND_FACTOR if second_factor else MIN_ALONE


def normalised(password: str) -> str | None:
    """The form in which a password is counted and hashed (NFC), or None for what no keyboard sends."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        return None
    return unicodedata.normalize("NFC", password)


def weakness(password: str, *, second_factor: bool = False, context: Iterable[str] = ()) -> Weakness | None:
    """Why a password is refused, or None. `context` names the user, the organisation and so on."""
    text = normalised(password)
    if text is None:
        return "unreadable"
    if len(text) < minimum(second_factor=second_factor):
        return "too_short"
    if len(text) > MAX_CODE_POINTS:
        return "too_long"
    plain = unicodedata.normalize("NFKC", text).casefold()
    folded = _without_gaps(plain)
    if _is_repeated(folded):
        return "repeated"
    if _left_after_runs(folded) < _MIN_REMAINDER:
        return "sequential"
    words = _context_words(context)
    for spelled in (folded, _without_gaps(plain.translate(_LEET))):
        if _left_after(spelled, COMMON, _LONGEST_COMMON) < _MIN_REMAINDER:
            return "common"
        known = COMMON | words
        if _left_after(spelled, known, max(map(len, known))) < _MIN_REMAINDER:
            return "contextual"
    return None


def _without_gaps(text: str) -> str:
    """The text without spaces and punctuation, which make nothing harder to guess."""
    return "".join(character for character in text if unicodedata.category(character)[0] not in "PZ")


def _context_words(context: Iterable[str]) -> frozenset[str]:
    """The context's texts whole and word by word, each of three characters or more (two, beyond ASCII)."""
    words: set[str] = set(_PRODUCT)
    for text in context:
        folded = unicodedata.normalize("NFKC", text).casefold()
        words.add(_without_gaps(folded))
        words.update(re.split(r"[\W_]+", folded))
    return frozenset(word for word in words if len(word) >= (3 if word.isascii() else 2))


def _is_repeated(text: str) -> bool:
    """Few different characters, or one short piece over and over, the last one perhaps cut off."""
    if len(set(text)) < _MIN_REMAINDER:
        return True
    return any(
        text == (text[:unit] * (len(text) // unit + 1))[: len(text)]
        for unit in range(1, len(text) // 2 + 1)
        if unit < MIN_WITH_SECOND_FACTOR
    )


def _left_after_runs(text: str) -> int:
    """How many characters belong to no run of neighbours on the keyboard, in the alphabet or in counting."""
    left, at = 0, 0
    while at < len(text):
        length = _SHORTEST_RUN - 1
        while at + length < len(text) and any(text[at : at + length + 1] in run for run in _RUNS):
            length += 1
        if length >= _SHORTEST_RUN:
            at += length
        else:
            left, at = left + 1, at + 1
    return left


def _left_after(text: str, known: frozenset[str], longest: int) -> int:
    """The fewest characters that remain when known words and all digits are taken out of the text."""
    best = [0] * (len(text) + 1)
    for end in range(1, len(text) + 1):
        best[end] = best[end - 1] + (not text[end - 1].isdigit())
        for length in range(2, min(longest, end) + 1):
            if best[end - length] < best[end] and text[end - length : end] in known:
                best[end] = best[end - length]
    return best[-1]
