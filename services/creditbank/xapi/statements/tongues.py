"""Which one of several languages to show, for each map of languages by itself (part three, 2.1.3)."""

from collections.abc import Callable
from typing import Any, Final

Chooser = Callable[[dict[str, Any]], dict[str, Any]]
_MOST_RANGES: Final = 20
_OTHERWISE: Final = ["en", "zh"]


def chooser(accept_language: str | None) -> Chooser:
    """Leaves of a map the entry an Accept-Language header likes best (RFC 9110, section 12.5.4).

    A range fits a tag that is the same or begins with it (RFC 4647, 3.3.1); if none does, the first part of
    the range is tried, then English, Chinese, and the first tag by the alphabet.
    """
    wanted = [one for one in _ranges(accept_language) if one != "*"]

    def choose(texts: dict[str, Any]) -> dict[str, Any]:
        if len(texts) < 2:
            return texts
        for matches, languages in ((_fits, wanted), (_is_related, wanted), (_fits, _OTHERWISE)):
            for language in languages:
                for tag in sorted(texts):
                    if matches(language, tag.lower()):
                        return {tag: texts[tag]}
        first = min(texts)
        return {first: texts[first]}

    return choose


def _fits(language: str, tag: str) -> bool:
    return tag == language or tag.startswith(f"{language}-")


def _is_related(language: str, tag: str) -> bool:
    return tag.partition("-")[0] == language.partition("-")[0]


def _ranges(accept_language: str | None) -> list[str]:
    """The language ranges of a header, the best first; those of quality 0 are left out."""
    found: list[tuple[float, str]] = []
    for part in (accept_language or "")[:1000].lower().split(",")[:_MOST_RANGES]:
        language, _, parameters = part.strip().partition(";")
        name, _, quality = parameters.strip().partition("=")
        try:
            weight = float(quality) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if language.strip() and 0 < weight <= 1:
            found.append((weight, language.strip()))
    return [language for _, language in sorted(found, key=lambda one: -one[0])]
