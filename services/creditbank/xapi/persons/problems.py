"""Failures of joining agents to persons."""

from libs.common.languages import Text
from libs.common.problems import Conflict


class AgentOfAnother(Conflict):
    """This agent names somebody else now; end that link first."""

    title = Text("The agent names somebody else", "该身份已属于他人")
