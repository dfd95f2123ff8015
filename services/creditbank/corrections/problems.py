"""Expected failures of correcting deposits."""

from typing import ClassVar

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden
from services.creditbank.approvals.words import STATES
from services.creditbank.deposits.words import REFUSALS


class CorrectionNeedsAnother(Forbidden):
    """Whoever asked for a correction cannot approve or reject it, nor the learner whose credits they are, nor
    that learner's guardian; somebody else of the institution has to.
    """

    title = Text("Somebody else must decide", "须由他人决定")
    detail = Text(
        "You asked for this correction, or have a part in it. Somebody else has to decide on it.",
        "该更正由您提出或与您有关，须由他人决定。",
    )


class CorrectionUnderWay(Conflict):
    """A correction of this deposit already waits for a decision."""

    title = Text("A correction is waiting", "已有更正等待决定")


class CorrectionDecided(Conflict):
    """The correction does not wait for a decision any more."""

    title = Text("The correction was decided on", "该更正已有决定")
    detail = Text("Its state: {state}.", "当前状态：{state}。")
    words: ClassVar = {"state": STATES}


class ReplacementRefused(Conflict):
    """What is to take the place of the deposit cannot be posted; `reason` is as for a deposit."""

    title = Text("The replacement cannot be posted", "无法记入更正后的学分")
    detail = Text("{reason}", "{reason}")
    words: ClassVar = {"reason": REFUSALS}
