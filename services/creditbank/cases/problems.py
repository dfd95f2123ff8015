"""Why a case is not opened, or does not go on."""

from typing import ClassVar

from libs.common.languages import Text
from libs.common.problems import Conflict, InvalidRequest
from services.creditbank.approvals.words import STATES


class NotDisputable(Conflict):
    """There is nothing here to open a case about: `reason` says why.

    `kind`: entries of this kind were made by the learner or by time alone; `not_refused`: it waits for a
    decision still, was withdrawn, or was granted.
    """

    title = Text("This cannot be disputed", "此事项不能提出异议")
    detail = Text("{reason}", "{reason}")
    words: ClassVar = {
        "reason": {
            "kind": Text(
                "Entries of this kind were made by the learner or by time alone.",
                "此类记录由学习者本人操作或因到期产生。",
            ),
            "not_refused": Text(
                "It was not refused: it waits for a decision still, was withdrawn, or was granted.",
                "该事项未被拒绝：尚待决定、已撤回或已获准。",
            ),
        }
    }


class CaseUnderWay(Conflict):
    """There is, or was, a case about this: it is decided once, and once more on appeal."""

    title = Text("There is a case about this already", "此事项已有案件")


class CaseDoesNotWait(Conflict):
    """The case is not in a state in which this can be done."""

    title = Text("The case does not wait for this", "该案件不等待此操作")
    detail = Text("Its state: {state}.", "当前状态：{state}。")
    words: ClassVar = {"state": STATES}


class AppealOver(Conflict):
    """There is one appeal, and a time for it."""

    title = Text("The time to appeal is over, or the decision is final", "申诉期已过或决定为终局")


class TooMuchEvidence(Conflict):
    """A side has brought forward as much as it may."""

    title = Text("There is too much evidence", "证据过多")
    detail = Text("Each side brings forward at most {most}.", "每方最多提交 {most} 项。")


class RemedyUnfit(InvalidRequest):
    """The remedy does not fit what the case is about, or there is no such act of this learner since then."""

    title = Text("The remedy does not fit", "补救措施不适用")
