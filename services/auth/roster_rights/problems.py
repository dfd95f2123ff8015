"""Expected failures of deciding which rosters are believed."""

from libs.common.languages import Text
from libs.common.problems import Conflict


class RightOfTheRoot(Conflict):
    """The rosters of a root are believed as its administrator is: this is neither given nor taken."""

    title = Text("The root always has this right", "根机构始终拥有此权利")
