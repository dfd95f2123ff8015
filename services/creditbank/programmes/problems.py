"""Why something cannot be audited."""

from libs.common.languages import Text
from libs.common.problems import NotFound


class LotUnknown(NotFound):
    """You hold no free credits in lots of these numbers in the scheme concerned, or not so many.

    `lots` names them.
    """

    title = Text("You do not hold these credits", "您没有这些可用学分")
    detail = Text(
        "You do not hold so many free credits in these lots: {lots}.",
        "您在以下各笔中没有这么多可用学分：{lots}。",
    )


class CourseUnknown(NotFound):
    """The bank knows no such course."""

    title = Text("No such course", "没有该课程")
