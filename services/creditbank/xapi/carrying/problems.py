"""Expected failures of bringing a record from elsewhere."""

from libs.common.languages import Text
from libs.common.problems import Conflict, InvalidRequest


class RecordBroken(InvalidRequest):
    """The file is no whole export of a record: it was altered, cut off, or is something else."""

    title = Text("The export is broken", "导出文件已损坏")
    detail = Text("{reason}", "{reason}")


class RecordIsHere(Conflict):
    """The export was made by this bank: what is in it is in the record already."""

    title = Text("The record is here already", "该档案已在本行")


class TooManyImports(Conflict):
    """A learner brings a limited number of exports."""

    title = Text("Too many imports", "导入次数过多")
    detail = Text("There are {most} already.", "已有 {most} 次导入。")
