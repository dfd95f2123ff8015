"""Why something cannot be audited."""

from libs.common.languages import Text
from libs.common.problems import NotFound


class LotUnknown(NotFound):
    """You hold no free credits in a lot of this number in the scheme concerned; `lots` names them."""

    title = Text("No such credits", "没有这些学分")
    detail = Text("You hold no free credits in {lots}.", "您在 {lots} 中没有可用学分。")


class CourseUnknown(NotFound):
    """The bank knows no such course."""

    title = Text("No such course", "没有该课程")
