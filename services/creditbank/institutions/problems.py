"""Expected failures of changing an institution's standing."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden


class StandingForbids(Conflict):
    """The institution's present standing does not allow this act; `standing` says what it is."""

    title = Text("Not from the present standing", "当前状态不允许此操作")
    detail = Text("The institution is {standing}.", "该机构当前状态为 {standing}。")


class SecondPersonNeeded(Forbidden):
    """Whoever took the step before cannot take this one: a second person is needed."""

    title = Text("A second person is needed", "须由第二人办理")


class NotInChargeOfStanding(Forbidden):
    """An institution applies and withdraws by its own administrators; those above it decide."""

    title = Text("This is decided elsewhere", "您无权决定该机构的状态")
