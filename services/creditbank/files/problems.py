"""Expected failures of sending a file of credits and of deciding on it."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden, NotFound


class TooManyPostingFiles(Conflict):
    """So many files of this institution wait or are at work that no further one is taken."""

    title = Text("Too many files are waiting", "等待中的文件过多")
    detail = Text(
        "At most {limit} files of an institution are under way at a time. Try again when one has ended.",
        "每个机构最多同时处理 {limit} 个文件，请在其中之一结束后重试。",
    )


class ProfileUnknown(NotFound):
    """No profile has this name; a profile says how the rows of a file are to be read."""

    title = Text("No such profile", "没有该文件格式")
    detail = Text("The profiles are: {profiles}.", "可用的文件格式：{profiles}。")


class NothingToDecide(Conflict):
    """The file does not wait for an approval: it needs none, is not judged yet, or was decided on."""

    title = Text("The file does not wait for a decision", "该文件不在等待审批")


class MakerIsNotChecker(Forbidden):
    """Whoever sent the file cannot approve it; somebody else has to."""

    title = Text("Somebody else must approve", "须由他人审批")
    detail = Text("You sent this file. Another one has to decide on it.", "该文件由您提交，须由他人审批。")


class NotAChecker(Forbidden):
    """Only a registrar or administrator of the institution's line, or another client of it, decides."""

    title = Text("You may not decide on this file", "您无权审批该文件")
