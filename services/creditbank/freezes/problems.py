"""Expected failures of freezing accounts."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden


class FreezeNeedsAnother(Forbidden):
    """Whoever froze the accounts does not let them go; another administrator has to."""

    title = Text("Somebody else must lift it", "须由他人解除")
    detail = Text("You froze these accounts. Somebody else has to lift it.", "该冻结由您设置，须由他人解除。")


class FreezeOver(Conflict):
    """The freeze was lifted before."""

    title = Text("The freeze is over", "冻结已解除")


class NothingToFreeze(Conflict):
    """The learner has no account."""

    title = Text("There is no account to freeze", "没有可冻结的账户")
