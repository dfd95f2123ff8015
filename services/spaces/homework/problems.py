"""What can go wrong with homework."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden, NotFound, Problem


class WorkNotFound(NotFound):
    """This student handed nothing in, or the work is not for the caller: the answer is the same."""

    title = Text("No such work", "没有这份作业")


class StudentsOnly(Forbidden):
    """Only students of the class hand work in, each their own."""

    title = Text("Only students of the class hand work in", "只有本班学生可以提交作业")


class TeachersOnly(Forbidden):
    """Only teachers of the class see everybody's work, and return it."""

    title = Text("Only teachers of the class may do this", "只有本班教师可以执行此操作")


class SubmissionsClosed(Conflict):
    """The time for handing in is over; nothing was kept. The teacher may set another date."""

    title = Text("Work is not taken any more", "已停止接收作业")


class TooManyAttempts(Conflict):
    """The work was handed in so often that no further attempt is kept."""

    title = Text("Handed in too often", "提交次数过多")
    detail = Text("At most {most} attempts are kept.", "最多保留 {most} 次提交。")


class NewerAttempt(Conflict):
    """The student has handed in again since; nothing was returned. Look at the newest attempt first."""

    title = Text("There is a newer attempt", "学生已提交新的版本")


class MarkOutOfRange(Problem):
    """The mark is more than the homework's points, or the homework is not marked at all."""

    status = 422
    title = Text("This mark cannot be given", "不能给出该分数")
    detail = Text("The best mark of this homework is {points}.", "该作业的满分为 {points}。")
