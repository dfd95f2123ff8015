"""Expected failures of choosing and checking passwords."""

from typing import Final

from libs.common.languages import Text
from libs.common.problems import InvalidRequest, Unavailable
from services.auth.passwords.rules import MAX_CODE_POINTS, MIN_ALONE, MIN_WITH_SECOND_FACTOR, Weakness

_REASONS: dict[Weakness, Text] = {
    "unreadable": Text("It contains characters that cannot be typed.", "密码含有无法输入的字符。"),
    "too_short": Text(
        f"It must have at least {MIN_ALONE} characters; several words make a good one.",
        f"密码至少需要 {MIN_ALONE} 个字符，可以由几个词组成。",
    ),
    "too_long": Text(
        f"It may have at most {MAX_CODE_POINTS} characters.", f"密码最多 {MAX_CODE_POINTS} 个字符。"
    ),
    "common": Text("It is made of very common passwords.", "密码由非常常见的密码组成。"),
    "repeated": Text("It repeats a few characters.", "密码由少数字符重复而成。"),
    "sequential": Text("It is a run on the keyboard, in the alphabet or in counting.", "密码是连续的字符。"),
    "contextual": Text(
        "It is made of names that others can guess, such as yours or the school's.",
        "密码由他人容易猜到的名称组成，例如您或学校的名称。",
    ),
}


_TOO_SHORT_WITH_SECOND_FACTOR: Final = Text(
    f"It must have at least {MIN_WITH_SECOND_FACTOR} characters.",
    f"密码至少需要 {MIN_WITH_SECOND_FACTOR} 个字符。",
)


class PasswordRefused(InvalidRequest):
    """The chosen password is not accepted: too short, too long, or on the list of those everybody tries.

    `reason` is one of unreadable, too_short, too_long, common, repeated, sequential, contextual. There are no
    rules about digits, capitals or signs, and passwords do not expire.
    """

    title = Text("Choose another password", "请换一个密码")

    def __init__(self, reason: Weakness, *, second_factor: bool = False) -> None:
        super().__init__(reason=reason)
        short = reason == "too_short" and second_factor
        self._sentence = _TOO_SHORT_WITH_SECOND_FACTOR if short else _REASONS[reason]

    def explanation(self) -> Text:
        """The reason as a sentence."""
        return self._sentence


class HashingBusy(Unavailable):
    """More people sign in at this moment than the machine can check passwords; try again in a few seconds."""

    title = Text("Too many sign-ins at once", "同时登录的人数过多")
