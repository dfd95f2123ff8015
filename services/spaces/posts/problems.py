"""What can go wrong with posts."""

from libs.common.languages import Text
from libs.common.problems import Forbidden, NotFound


class PostNotFound(NotFound):
    """There is no such post, it was removed, or the caller does not belong to its space."""

    title = Text("No such post", "没有这条内容")


class NotTheAuthor(Forbidden):
    """Only the author changes or removes a post."""

    title = Text("Only the author may do this", "只有作者可以执行此操作")
