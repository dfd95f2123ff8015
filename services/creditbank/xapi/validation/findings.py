"""What is wrong with a statement: where, against which clause, and in words of both languages."""

from dataclasses import dataclass
from typing import Final, NoReturn

from libs.common.languages import Text
from services.creditbank.xapi.protocol.rules import Version


@dataclass(frozen=True, slots=True)
class Clause:
    """One requirement by its place in both versions: xAPI 1.0.3 part two, and IEEE 9274.1.1-2023."""

    first: str
    second: str

    def of(self, version: Version) -> str:
        """The clause as the reader of that version finds it."""
        if version == "1.0.3":
            return f"xAPI 1.0.3 Data {self.first}"
        return f"IEEE 9274.1.1 {self.second}"


FORMATTING: Final = Clause("2.2", "4.2.1")
VOIDING: Final = Clause("2.3.2", "4.2.5")
STATEMENT: Final = Clause("2.4", "4.2.4.2")
ID: Final = Clause("2.4.1", "4.2.4.2")
ACTOR: Final = Clause("2.4.2", "4.2.2.1")
AGENT: Final = Clause("2.4.2.1", "4.2.2.1")
GROUP: Final = Clause("2.4.2.2", "4.2.2.1")
IDENTIFIER: Final = Clause("2.4.2.3", "4.2.2.1")
ACCOUNT: Final = Clause("2.4.2.4", "4.2.2.1")
VERB: Final = Clause("2.4.3", "4.2.2.2")
OBJECT: Final = Clause("2.4.4", "4.2.2.3")
ACTIVITY: Final = Clause("2.4.4.1", "4.2.2.3")
OBJECT_AGENT: Final = Clause("2.4.4.2", "4.2.2.3")
OBJECT_STATEMENT: Final = Clause("2.4.4.3", "4.2.2.3")
RESULT: Final = Clause("2.4.5", "4.2.2.4")
SCORE: Final = Clause("2.4.5.1", "4.2.2.4")
CONTEXT: Final = Clause("2.4.6", "4.2.2.5")
CONTEXT_ACTIVITIES: Final = Clause("2.4.6.2", "4.2.2.5")
TIMESTAMP: Final = Clause("2.4.7", "4.2.4.2")
STORED: Final = Clause("2.4.8", "4.2.4.2")
AUTHORITY: Final = Clause("2.4.9", "4.2.4.2")
VERSION: Final = Clause("2.4.10", "4.2.4.3")
ATTACHMENTS: Final = Clause("2.4.11", "4.2.2.6")
SIGNATURE: Final = Clause("2.6", "4.2.6")
EXTENSIONS: Final = Clause("4.1", "4.2.7")
LANGUAGE: Final = Clause("4.2", "4.2.7")
IRI: Final = Clause("4.3", "4.2.7")
UUID: Final = Clause("4.4", "4.2.7")
TIME: Final = Clause("4.5", "4.2.7")
DURATION: Final = Clause("4.6", "4.2.7")


class Invalid(Exception):
    """The first thing that is wrong: `path` as in `object.definition.name`, of the value that was checked."""

    def __init__(self, path: str, clause: Clause, reason: Text) -> None:
        super().__init__(path)
        self.path = path
        self.clause = clause
        self.reason = reason

    def within(self, outer: str) -> "Invalid":
        """The same, told of a whole in which what was checked stands at `outer`."""
        between = "" if not self.path or self.path.startswith("[") else "."
        return Invalid(f"{outer}{between}{self.path}", self.clause, self.reason)


def refuse(path: str, clause: Clause, reason: Text) -> NoReturn:
    raise Invalid(path, clause, reason)


OBJECT_NEEDED: Final = Text("must be an object", "必须是对象")
LIST_NEEDED: Final = Text("must be a list", "必须是列表")
TEXT_NEEDED: Final = Text("must be text", "必须是文本")
NUMBER_NEEDED: Final = Text("must be a number", "必须是数字")
BOOLEAN_NEEDED: Final = Text("must be true or false", "必须是 true 或 false")
REQUIRED: Final = Text("is required", "必填")
UNKNOWN: Final = Text("is not a property that may stand here", "此处不允许该属性")
NOT_AN_IRI: Final = Text("must be an IRI with a scheme", "必须是带有方案名的 IRI")
NOT_A_UUID: Final = Text("must be a UUID in its standard form", "必须是标准格式的 UUID")
NOT_A_LANGUAGE: Final = Text("must be a language tag (RFC 5646)", "必须是语言标签（RFC 5646）")
NOT_A_TIME: Final = Text(
    "must be a date and time with seconds, as in 2026-06-30T08:00:00Z, and not of offset -00:00",
    "必须是日期和时间，例如 2026-06-30T08:00:00Z，且时区偏移不得为 -00:00",
)
NOT_A_DURATION: Final = Text(
    "must be an ISO 8601 duration, as in PT4H35M59.14S", "必须是 ISO 8601 时长，例如 PT4H35M59.14S"
)
