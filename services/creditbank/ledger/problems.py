"""Why an operation on a learner's credits was refused. Nothing was changed then, and its key is free."""

from typing import ClassVar, Final

from libs.common.languages import Text
from libs.common.problems import Conflict, IdempotencyConflict, Problem


class AccountFrozen(Conflict):
    """Nothing is spent from the learner's books while they are frozen."""

    title = Text("The account is frozen", "账户已冻结")


class AccountMoved(Conflict):
    """The learner's books are at another bank node, `home`: what is done with credits is done there."""

    title = Text("The account has moved", "账户已迁出")
    detail = Text("The account is kept by the bank node {home} now.", "该账户现由学分银行节点 {home} 管理。")


class CreditsUnavailable(Conflict):
    """The credits named are not there to be spent: `reason` says why.

    `account_unknown`, `lot_unknown`, `lot_repeated`, `amount_invalid`, `nothing_to_move`: they are not named
    as they should be; `credits_insufficient`: less is available; `credits_expired`: their time is over.
    """

    title = Text("The credits cannot be spent", "学分不可使用")
    detail = Text("{reason}", "{reason}")
    words: ClassVar = {
        "reason": {
            "account_unknown": Text("There is no such account.", "没有该账户。"),
            "lot_unknown": Text("The account holds no such credits.", "账户中没有这些学分。"),
            "lot_repeated": Text("The same credits are named twice.", "同一笔学分被重复列出。"),
            "amount_invalid": Text("The amount is not one that can be spent.", "数额无效。"),
            "nothing_to_move": Text("No credits are named.", "未列出任何学分。"),
            "credits_insufficient": Text("Less is available.", "可用学分不足。"),
            "credits_expired": Text("Their time is over.", "学分已过期。"),
        }
    }


class HoldOver(Conflict):
    """The hold cannot be used like this: `reason` says why.

    `hold_unknown`; `hold_resolved`: it was captured, released or has lapsed; `hold_lapsed`: its time is over;
    `hold_current`: its time is not over; `hold_exceeded`: it holds less than is to be captured.
    """

    title = Text("The hold cannot be used", "预留不可用")
    detail = Text("{reason}", "{reason}")
    words: ClassVar = {
        "reason": {
            "hold_unknown": Text("There is no such hold.", "没有该预留。"),
            "hold_resolved": Text("It was captured, released or has lapsed.", "该预留已使用、释放或失效。"),
            "hold_lapsed": Text("Its time is over.", "该预留已过期。"),
            "hold_current": Text("Its time is not over.", "该预留尚未到期。"),
            "hold_exceeded": Text("It holds less than that.", "预留的学分不足。"),
        }
    }


class EntryReversed(Conflict):
    """The entry was reversed before: that happens once."""

    title = Text("The entry is reversed already", "该记录已被冲销")


class EntryNotReversible(Conflict):
    """The entry is not of a kind that can be reversed like this."""

    title = Text("The entry cannot be reversed", "该记录不能冲销")


class CreditsInUse(Conflict):
    """Some of the credits are held, redeemed or converted: what was done with them has to be undone first."""

    title = Text("The credits are in use", "学分已被使用")


class ConversionUnbalanced(Conflict):
    """What is issued and the remainder do not make what is spent, or nothing would be issued."""

    title = Text("The conversion does not balance", "转换不平衡")


_BY_REASON: Final[dict[str, type[Problem]]] = {
    "account_frozen": AccountFrozen,
    "entry_reversed": EntryReversed,
    "entry_unknown": EntryNotReversible,
    "credits_in_use": CreditsInUse,
    "conflict": IdempotencyConflict,
}
_MOVED: Final = "account_moved "


def problem_of(reason: str) -> Problem:
    """The problem that tells of a refusal. Of a moved account the reason names its home."""
    if reason.startswith(_MOVED):
        return AccountMoved(home=reason.removeprefix(_MOVED))
    if reason in _BY_REASON:
        return _BY_REASON[reason]()
    return (HoldOver if reason.startswith("hold_") else CreditsUnavailable)(reason=reason)
