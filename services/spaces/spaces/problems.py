"""What can go wrong with spaces."""

from typing import ClassVar

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden, NotFound


class SpaceNotFound(NotFound):
    """There is no such space, or the caller does not belong to it: the answer is the same."""

    title = Text("No such space", "没有这个空间")


class MembersHidden(Forbidden):
    """The list of members is not for this caller.

    In a class its members see it; in a school or region only those who work there.
    """

    title = Text("The list of members is not shown to you", "您无权查看成员名单")


class MayNotPost(Forbidden):
    """The caller reads in this space, but does not speak in it.

    In a class its teachers post; in a school its staff and administrators; in a region its administrators.
    """

    title = Text("You may read here, but not post", "您可以阅读，但不能在此发布")


class SpaceClosed(Conflict):
    """The space is closed: it stays readable and nothing in it changes any more."""

    title = Text("The space is closed", "该空间已关闭")


class RoleNotHeld(Forbidden):
    """The view asked for belongs to a role that the caller does not hold."""

    title = Text("You do not hold this role", "您没有该角色")
    detail = Text("You do not hold the role {view}.", "您没有“{view}”这一身份。")
    words: ClassVar = {
        "view": {
            "student": Text("student", "学生"),
            "teacher": Text("teacher", "教师"),
            "guardian": Text("guardian", "监护人"),
            "staff": Text("staff", "职工"),
            "registrar": Text("registrar", "教务员"),
            "assessor": Text("assessor", "评审员"),
            "administrator": Text("administrator", "管理员"),
            "auditor": Text("auditor", "审计员"),
        }
    }
