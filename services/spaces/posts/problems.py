"""What can go wrong with posts."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden, NotFound


class PostNotFound(NotFound):
    """There is no such post, it was removed, or the caller does not belong to its space."""

    title = Text("No such post", "没有这条内容")


class AssignmentNotFound(NotFound):
    """This post is no homework, so there is nothing to hand in."""

    title = Text("This is no homework", "这不是作业")


class HomeworkOutsideClass(Conflict):
    """Homework is given to a class, whose students hand it in; this space is another's."""

    title = Text("Homework is given to a class", "作业只能布置给班级")


class NotTheAuthor(Forbidden):
    """Only the author changes or removes a post."""

    title = Text("Only the author may do this", "只有作者可以执行此操作")
