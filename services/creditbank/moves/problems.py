"""Why a move cannot be, or its document is not taken in."""

from typing import ClassVar, Final

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden, NotFound, Problem
from services.creditbank.ledger.problems import AccountFrozen


class NodeUnknown(NotFound):
    """This bank node knows no other one of that name; `GET /v1/nodes` lists those it knows."""

    title = Text("There is no such bank node", "没有该学分银行节点")


class CreditsHeld(Conflict):
    """Credits of the learner are set aside for something: it has to be decided, or the credits given back."""

    title = Text("Some credits are held", "部分学分已被预留")


class RequestsWaiting(Conflict):
    """A transfer, a recognition, an award or a correction of the learner waits for a decision here."""

    title = Text("Requests are still waiting", "仍有待处理的申请")


class MoveUnderWay(Conflict):
    """The learner is being moved already."""

    title = Text("A move is under way", "迁移正在进行")


class MovedAlready(Conflict):
    """The learner's books are at another node already, and can only be moved on from there."""

    title = Text("The account has moved already", "账户已迁出")


class NothingToMove(Conflict):
    """The learner has no credits here that could move."""

    title = Text("There is nothing to move", "没有可迁移的学分")


class MoveOver(Conflict):
    """The move is over: the credits are at the other node, or back here. `state` says which."""

    title = Text("The move is over", "迁移已结束")


class NodeNeeded(Forbidden):
    """Only another bank node, by the client it is known by, hands over moves."""

    title = Text("Only another bank node may do this", "仅限其他学分银行节点")


class MoveDocumentBroken(Problem):
    """The document does not prove what it says: `reason` tells where. Nothing was taken in."""

    status = 422
    title = Text("The document of the move does not hold", "迁移文件无效")
    detail = Text("The document does not hold: {reason}", "文件无效：{reason}")


class MoveNotDueYet(Conflict):
    """The move cannot be taken in yet: `reason` is `learner_unknown` or `scheme_unknown`. Send it again."""

    title = Text("The move cannot be taken in yet", "暂时无法接收迁移")
    detail = Text("{reason}", "{reason}")
    words: ClassVar = {
        "reason": {
            "learner_unknown": Text(
                "This node has not heard of the learner yet.", "本节点尚未获知该学习者。"
            ),
            "scheme_unknown": Text("This node does not have the scheme.", "本节点没有该学分体系。"),
        }
    }


BY_REASON: Final[dict[str, type[Problem]]] = {
    "account_frozen": AccountFrozen,
    "move_under_way": MoveUnderWay,
    "moved_already": MovedAlready,
    "credits_held": CreditsHeld,
    "requests_waiting": RequestsWaiting,
    "nothing_to_move": NothingToMove,
}
