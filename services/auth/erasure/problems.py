"""Expected failures of erasure."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden


class ErasureAskedAlready(Conflict):
    """The person's erasure has been asked for and waits for its day."""

    title = Text("Erasure has been asked for already", "已申请删除")


class ErasureByAGuardian(Forbidden):
    """For a child under 14, or a pupil whose age nobody told, a guardian or the school asks."""

    title = Text("A guardian or your school asks for this", "须由监护人或学校申请")
