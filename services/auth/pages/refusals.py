"""Failures that only pages know; they never become problem documents."""

from libs.common.languages import Text


class PageRefusal(Exception):
    """A failure with its own page: what happened, and what the person can do."""

    def __init__(self, status: int, title: Text, detail: Text | None = None) -> None:
        super().__init__(title.en)
        self.status, self.title, self.detail = status, title, detail


class SeeOther(Exception):
    """The page is elsewhere; raised by dependencies, answered with 303."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


STALE_FORM = Text("This page is out of date", "页面已过期")
STALE_FORM_DETAIL = Text(
    "It was open for too long, or somebody signed in or out meanwhile. Nothing was changed. "
    "Go back, load the page again and repeat the step.",
    "页面打开时间过长，或期间有人登录或退出。未作任何更改。请返回并刷新页面后重试。",
)
