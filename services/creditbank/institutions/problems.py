"""Expected failures of changing an institution's standing."""

from typing import ClassVar

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden


class StandingForbids(Conflict):
    """The institution's present standing does not allow this act; `standing` says what it is."""

    title = Text("Not from the present standing", "当前状态不允许此操作")
    detail = Text("The institution is {standing}.", "该机构当前状态：{standing}。")
    words: ClassVar = {
        "standing": {
            "unregistered": Text("not registered", "未登记"),
            "applied": Text("waiting for review", "已申请，待审核"),
            "reviewed": Text("reviewed, not registered yet", "已审核，待登记"),
            "registered": Text("registered", "已登记"),
            "suspended": Text("suspended", "已暂停"),
            "withdrawn": Text("out of the bank", "已退出"),
        }
    }


class AboveMustDecide(Forbidden):
    """The institution is not registered now: only those above it take credits or awards of its own back."""

    title = Text("Those above the institution must decide", "须由上级机构办理")
    detail = Text(
        "The institution is suspended, has left or is closed; administrators and registrars above it decide.",
        "该机构已被暂停、退出或关闭，须由其上级机构的管理员或登记员办理。",
    )


class SecondPersonNeeded(Forbidden):
    """Whoever took the step before cannot take this one: a second person is needed."""

    title = Text("A second person is needed", "须由第二人办理")


class NotInChargeOfStanding(Forbidden):
    """An institution applies and withdraws by its own administrators; those above it decide."""

    title = Text("This is decided elsewhere", "您无权决定该机构的状态")
