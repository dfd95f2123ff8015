"""Expected failures of reading somebody's account."""

from libs.common.languages import Text
from libs.common.problems import Forbidden


class ConsentNeeded(Forbidden):
    """A child under 14 uses credits, and a guardian reads its account, only where consent stands."""

    title = Text("The guardian's consent is needed", "需要监护人同意")
    detail = Text(
        "No guardian has consented for this child yet, or one objects. Guardians decide in their account.",
        "该儿童的监护人尚未同意，或有监护人反对；监护人可在本人账户中作出决定。",
    )
