"""Why credits are not converted."""

from collections.abc import Mapping
from typing import Final

from libs.common.languages import Text, together
from libs.common.problems import Conflict

_OF_LOT: Final = Text("Lot {lot}: {why}", "第 {lot} 笔：{why}")
_WHY: Final = {
    "not_below_the_rule": Text(
        "issued by neither the rule's institution nor one below it.", "并非由规则所属机构或其下属机构记入。"
    ),
    "issuer_not_covered": Text("the agreement names other issuers.", "协议未涵盖其记入机构。"),
    "outcome_not_covered": Text("the agreement names other courses.", "协议未涵盖该课程。"),
    "too_old": Text("earned too long ago.", "取得时间过早。"),
    "grade_too_low": Text("the grade is too low.", "成绩过低。"),
    "grade_not_comparable": Text("the grade cannot be compared with what is needed.", "成绩无法与要求比较。"),
}


class NotConvertible(Conflict):
    """The rule does not take these credits: `reasons` names each lot and why.

    `not_below_the_rule`: the issuer is not the rule's institution or below it; `issuer_not_covered`,
    `outcome_not_covered`: an agreement names others; `too_old`, `grade_too_low`, `grade_not_comparable`.
    """

    title = Text("These credits cannot be converted by this rule", "不能按此规则转换这些学分")

    def __init__(self, refused: Mapping[int, str]) -> None:
        """`refused` is the reason of each lot."""
        super().__init__(reasons=", ".join(f"{lot}: {reason}" for lot, reason in refused.items()))
        self.refused = refused

    def explanation(self) -> Text:
        """Lot by lot, in words."""
        return together(_OF_LOT.format(lot=lot, why=_WHY[reason]) for lot, reason in self.refused.items())


class ConversionCapReached(Conflict):
    """The rule converts at most `most` credits of one learner, and `used` were converted already."""

    title = Text("The most this rule converts is reached", "已达到此规则的转换上限")
    detail = Text(
        "At most {most} credits are converted; {used} were already.", "最多转换 {most} 学分；已转换 {used}。"
    )


class NothingIssued(Conflict):
    """So little would come to nothing in the other scheme."""

    title = Text("The credits are too few to convert", "学分过少，无法转换")
