"""Why a version of rules cannot be taken."""

from libs.common.languages import Text
from libs.common.problems import Conflict, InvalidRequest, NotFound


class RuleFaulty(InvalidRequest):
    """The rules contradict themselves, ask for more than they allow, or name what the bank does not know.

    `members` names what is wrong.
    """

    title = Text("The rules cannot be applied", "规则无法适用")
    detail = Text("See {members}.", "见 {members}。")


class RuleNotInForce(Conflict):
    """This version of the rules is not approved, not in force yet, or another has taken its place."""

    title = Text("The rules are not in force", "规则未生效")


class RuleUnknown(NotFound):
    """There are no such rules."""

    title = Text("No such rules", "没有该规则")
