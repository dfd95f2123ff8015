"""Why a statement is not stored, or not shown."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden, NotFound


class StatementConflict(Conflict):
    """There is a statement of this id already, and it says something else; nothing was stored.

    `statements` lists the ids. The same statement may be sent any number of times.
    """

    title = Text("Another statement has this id", "该标识已被另一条语句使用")
    detail = Text(
        "A statement of this id is stored with other content. Nothing was changed.",
        "已存在相同标识但内容不同的语句，本次未作任何更改。",
    )


class VoidingNotAllowed(Forbidden):
    """Only those who look after the whole record store void what others vouch for; nothing was stored."""

    title = Text("Not yours to void", "无权作废他人的语句")


class StatementUnknown(NotFound):
    """The caller may see no statement of this id; or it is voided, or asked for as if it were."""

    title = Text("No such statement", "没有这条语句")
