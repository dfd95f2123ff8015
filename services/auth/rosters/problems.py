"""Expected failures of asking for an import."""

from libs.common.languages import Text
from libs.common.problems import Conflict


class TooManyImports(Conflict):
    """So many imports of this organisation are waiting or at work that no further one is taken."""

    title = Text("Too many imports are waiting", "等待中的导入过多")
    detail = Text(
        "At most {limit} imports of an organisation wait at a time. Try again when one has ended.",
        "每个机构最多有 {limit} 个等待中的导入，请在其中之一结束后重试。",
    )
