"""Why a version of rules cannot be taken."""

from collections.abc import Iterable
from typing import Final

from libs.common.languages import Text, together
from libs.common.problems import Conflict, InvalidRequest, NotFound

_OF_MEMBER: Final = Text("{member}: {why}.", "{member}：{why}。")
_WHY: Final = {
    "scheme": Text("the bank has no such scheme", "没有该学分体系"),
    "target": Text(
        "the bank has no such scheme, or it is the rule's own", "没有该学分体系，或与规则自身的体系相同"
    ),
    "courses": Text("one is named twice, or not known to the bank", "有课程重复，或学分银行尚未获知"),
    "issuers": Text("the bank does not know them all", "有学分银行尚未获知的机构"),
    "numerator": Text("the ratio is out of bounds", "比例超出范围"),
    "denominator": Text("the ratio is out of bounds", "比例超出范围"),
    "step": Text("must be more than 0", "须大于 0"),
    "most": Text("must be more than 0", "须大于 0"),
    "grades": Text("one is named twice", "有重复的成绩"),
    "minimum_grade": Text("is none of the grades", "不在所列成绩之中"),
    "maximum_age_months": Text("is out of bounds", "超出范围"),
    "total": Text("must be more than 0", "须大于 0"),
    "requirements": Text("are too many, or a code is named twice", "要求过多，或代码重复"),
    "requirements.credits": Text("sum to more than the total", "各项要求之和超过总学分"),
    "requirements.most": Text(
        "is less than what a requirement needs, or all together than the total",
        "某项要求的上限低于其所需学分，或各项上限之和低于总学分",
    ),
    "requirements.categories": Text("no course is of that category", "没有课程属于该类别"),
    "levels": Text("one needs more than the total", "某级别所需学分超过总学分"),
    "residency": Text("is more than the total", "超过总学分"),
    "year_begins_in": Text("must be a month", "须为月份"),
}


class RuleFaulty(InvalidRequest):
    """The rules contradict themselves, ask for more than they allow, or name what the bank does not know.

    `members` names what is wrong.
    """

    title = Text("The rules cannot be applied", "规则无法适用")

    def __init__(self, members: Iterable[str]) -> None:
        self.members = tuple(dict.fromkeys(members))
        super().__init__(members=", ".join(self.members))

    def explanation(self) -> Text:
        """Member by member, in words."""
        return together(_OF_MEMBER.format(member=one, why=_WHY[one]) for one in self.members)


class RuleNotInForce(Conflict):
    """This version is not approved, not in force yet, replaced by another, or its institution may not act."""

    title = Text("The rules are not in force", "规则未生效")
    detail = Text(
        "The version is not approved, not in force yet or replaced, or its institution may not act now.",
        "该版本未获批准、尚未生效或已被取代，或其所属机构目前不能办理业务。",
    )


class RuleUnknown(NotFound):
    """There are no such rules."""

    title = Text("No such rules", "没有该规则")
