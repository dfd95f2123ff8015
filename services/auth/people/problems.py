"""Expected failures concerning people and roles."""

from libs.common.languages import Text
from libs.common.problems import Conflict, InvalidRequest


class LastAdministrator(Conflict):
    """The root of a tree never loses its last administrator: nobody could appoint another."""

    title = Text("The root would be left without an administrator", "根机构将没有管理员")


class RoleHeldAlready(Conflict):
    """The person already holds this role here."""

    title = Text("The person holds this role already", "该人员已担任此角色")


class PersonClosed(Conflict):
    """The person's record is closed."""

    title = Text("The person's record is closed", "该人员的记录已关闭")


class EndsBeforeItBegins(InvalidRequest):
    """The last day comes before the first."""

    title = Text("The last day comes before the first", "结束日期早于开始日期")
