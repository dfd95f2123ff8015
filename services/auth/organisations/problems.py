"""Expected failures of changing the tree."""

from libs.common.languages import Text
from libs.common.problems import Conflict


class UnderItself(Conflict):
    """An organisation cannot be moved below itself or below one of its own descendants."""

    title = Text("An organisation cannot stand below itself", "机构不能移动到自身之下")


class RootStays(Conflict):
    """The root of a tree is neither moved nor closed."""

    title = Text("The root stays", "根机构不可移动或关闭")


class StillHasOpenParts(Conflict):
    """An organisation is closed after everything below it is."""

    title = Text("Close what is below it first", "请先关闭下级机构")


class OrganisationClosed(Conflict):
    """The organisation is closed; nothing new begins in it."""

    title = Text("The organisation is closed", "该机构已关闭")


class TooDeep(Conflict):
    """The tree would get deeper than it may."""

    title = Text("The tree would get too deep", "机构层级过深")
    detail = Text("At most {levels} levels are possible.", "最多支持 {levels} 层。")
