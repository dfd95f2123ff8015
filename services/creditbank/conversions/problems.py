"""Why credits are not converted."""

from libs.common.languages import Text
from libs.common.problems import Conflict


class NotConvertible(Conflict):
    """The rule does not take these credits: `reasons` names each lot and why.

    `not_below_the_rule`: the issuer is not the rule's institution or below it; `issuer_not_covered`,
    `outcome_not_covered`: an agreement names others; `too_old`, `grade_too_low`, `grade_not_comparable`.
    """

    title = Text("These credits cannot be converted by this rule", "不能按此规则转换这些学分")
    detail = Text("{reasons}", "{reasons}")


class ConversionCapReached(Conflict):
    """The rule converts at most `most` credits of one learner, and `used` were converted already."""

    title = Text("The most this rule converts is reached", "已达到此规则的转换上限")
    detail = Text(
        "At most {most} credits are converted; {used} were already.", "最多转换 {most} 学分；已转换 {used}。"
    )


class NothingIssued(Conflict):
    """So little would come to nothing in the other scheme."""

    title = Text("The credits are too few to convert", "学分过少，无法转换")
