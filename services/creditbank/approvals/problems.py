"""Why somebody may not decide, or not any more."""

from typing import ClassVar

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden
from services.creditbank.approvals.words import STATES


class AnotherMustDecide(Forbidden):
    """This must be decided by somebody other than those who asked for it or prepared it."""

    title = Text("A second person is needed", "需由另一人办理")
    detail = Text(
        "You asked for this or prepared it yourself; somebody else has to decide.",
        "该事项由您提出或准备，须由他人决定。",
    )


class DecisionNotDue(Conflict):
    """This does not wait for that decision: it has been decided, withdrawn, or is not so far yet."""

    title = Text("Nothing waits for this decision", "没有等待此决定的事项")
    detail = Text("Its state: {state}.", "当前状态：{state}。")
    words: ClassVar = {"state": STATES}


class LearnerUnknown(Conflict):
    """The bank keeps no account for this person."""

    title = Text("You have no account with the bank", "您在学分银行没有账户")
