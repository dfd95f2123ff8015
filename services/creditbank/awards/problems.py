"""Why an award is not granted."""

from libs.common.languages import Text
from libs.common.problems import Conflict


class ProgrammeNotMet(Conflict):
    """The credits do not meet the programme's rules; `unmet` names them. An audit explains each."""

    title = Text("The programme's rules are not met", "未满足项目规则")
    detail = Text("Not met: {unmet}.", "未满足：{unmet}。")
