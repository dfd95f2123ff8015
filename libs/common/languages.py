"""The two languages everything a user reads comes in, chosen per request."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["en", "zh-CN"]


@dataclass(frozen=True)
class Text:
    """A sentence in both languages; `{placeholders}` are filled by `format`."""

    en: str
    zh: str

    def format(self, **values: Any) -> "Text":
        """Fill the placeholders; a Text among the values is put in its own language."""
        return Text(
            self.en.format(**{name: said(value, "en") for name, value in values.items()}),
            self.zh.format(**{name: said(value, "zh-CN") for name, value in values.items()}),
        )

    def in_language(self, language: Language) -> str:
        return self.zh if language == "zh-CN" else self.en


def together(sentences: Iterable[Text]) -> Text:
    """Whole sentences, one after the other: with spaces between them in English, without in Chinese."""
    told = [*sentences]
    return Text(" ".join(one.en for one in told), "".join(one.zh for one in told))


def said(value: Any, language: Language) -> Any:
    """A Text in the language; anything else as it is."""
    return value.in_language(language) if isinstance(value, Text) else value


def preferred(accept_language: str | None) -> Language:
    """The better of our two languages for an Accept-Language header (RFC 9110, section 12.5.4).

    Any Chinese tag is served zh-CN; anything else, and a malformed header, is served English.
    """
    best: tuple[float, Language] = (0.0, "en")
    for part in (accept_language or "")[:500].split(","):
        tag, _, parameters = part.strip().partition(";")
        language: Language | None = _served(tag.strip().lower())
        quality = _quality(parameters)
        if language is not None and quality > best[0]:
            best = (quality, language)
    return best[1]


def _served(tag: str) -> Language | None:
    if tag == "zh" or tag.startswith("zh-"):
        return "zh-CN"
    return "en" if tag in ("en", "*") or tag.startswith("en-") else None


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(1.0, float(value)) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
