"""What can go wrong with people."""

from libs.common.languages import Text
from libs.common.problems import NotFound


class NotYetKnown(NotFound):
    """The person has signed in, but auth's news of them has not arrived here yet. Try again shortly."""

    title = Text("Not yet known here", "此处尚无该用户的信息")
    detail = Text(
        "The news of this person has not arrived here yet. Try again in a moment.",
        "该用户的信息尚未到达本服务，请稍后重试。",
    )


class PersonNotFound(NotFound):
    """There is no such person, or the caller is not that person's guardian: the answer is the same."""

    title = Text("No such person", "没有此人")
