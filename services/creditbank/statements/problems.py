"""Expected failures of reading somebody's account."""

from libs.common.languages import Text
from libs.common.problems import Forbidden


class ConsentNeeded(Forbidden):
    """A child under 14 uses credits, and a guardian reads its account, only where consent stands."""

    title = Text("The guardian's consent is needed", "需要监护人同意")
    detail = Text(
        "Consent for this child is {consent}. Guardians give it in their own account.",
        "该儿童的监护人同意状态为 {consent}，监护人可在本人账户中作出同意。",
    )
