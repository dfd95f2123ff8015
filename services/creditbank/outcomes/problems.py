"""Expected failures of describing outcomes."""

from libs.common.languages import Text
from libs.common.problems import Conflict, NotFound


class ParentUnknown(NotFound):
    """The whole named is no outcome of the institution's line."""

    title = Text("No such outcome to be a part of", "没有该上级成果")


class PartOfItself(Conflict):
    """An outcome would be a part of itself, or too many would stand in one line."""

    title = Text("An outcome cannot be a part of itself", "成果不能成为自身的一部分")
    detail = Text("At most {limit} outcomes stand in one line.", "一条线上最多有 {limit} 个成果。")
