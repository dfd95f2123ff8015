"""Every finding's code, severity and words, from messages.toml beside this module."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from libs.common.languages import Text


@dataclass(frozen=True, slots=True)
class Message:
    """The severity (error, warning, note) and the words of a finding; placeholders stand in braces."""

    severity: str
    text: Text


def _load() -> tuple[dict[str, Message], dict[str, Text]]:
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        words = tomllib.load(file)
    findings = {
        code: Message(entry["severity"], Text(en=entry["en"], zh=entry["zh"]))
        for code, entry in words["findings"].items()
    }
    return findings, {name: Text(en=entry["en"], zh=entry["zh"]) for name, entry in words["targets"].items()}


_findings, _targets = _load()
MESSAGES: Final[dict[str, Message]] = _findings
TARGETS: Final[dict[str, Text]] = _targets


def words(code: str, values: dict[str, str]) -> Text:
    """Give a finding's words with its values filled in; a target is named in each language."""
    text = MESSAGES[code].text
    english = {**values}
    chinese = {**values}
    target = TARGETS.get(values.get("target", ""))
    if target is not None:
        english["target"], chinese["target"] = target.en, target.zh
    return Text(en=text.en.format(**english), zh=text.zh.format(**chinese))
