"""Why an award is not granted."""

from collections.abc import Sequence

from libs.common.languages import Text, together
from libs.common.problems import Conflict


class ProgrammeNotMet(Conflict):
    """The credits do not meet the programme's rules; `unmet` names them. An audit explains each."""

    title = Text("The programme's rules are not met", "未满足项目规则")

    def __init__(self, unmet: Sequence[str], why: Sequence[Text] = ()) -> None:
        super().__init__(unmet=", ".join(unmet))
        self.why = why

    def explanation(self) -> Text | None:
        """Rule by rule, in words."""
        if not self.why:
            return None
        return together(self.why)
