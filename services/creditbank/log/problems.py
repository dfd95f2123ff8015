"""Failures of the public log."""

from typing import ClassVar

from libs.common.languages import Text
from libs.common.problems import Conflict


class NotInTheLogYet(Conflict):
    """The entry is posted and will get its place in the public log within seconds; ask again then."""

    title = Text("Not in the public log yet", "尚未写入公开日志")
    detail = Text(
        "The entry is posted. Its place in the public log follows within seconds.",
        "记录已入账，几秒钟内即写入公开日志。",
    )
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}
