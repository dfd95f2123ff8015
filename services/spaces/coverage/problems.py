"""What can go wrong with coverage reports."""

from libs.common.languages import Text
from libs.common.problems import Forbidden, NotFound


class OrganisationNotFound(NotFound):
    """There is no such organisation here yet, or the caller has nothing to do with it."""

    title = Text("No such organisation", "没有这个机构")


class FiguresNotShown(Forbidden):
    """Figures of an organisation are for its administrators, registrars and auditors, and those above it."""

    title = Text("These figures are not shown to you", "您无权查看这些数据")
