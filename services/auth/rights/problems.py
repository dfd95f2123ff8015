"""Expected failures of deciding rights."""

from libs.common.languages import Text
from libs.common.problems import Forbidden


class RightNotHeldAbove(Forbidden):
    """Nobody gives a right that the organisation above does not have itself, or that none can have."""

    title = Text("The organisation above has not this right", "上级机构没有该权限")
    detail = Text("Possible are: {possible}.", "可选的权限范围：{possible}。")
