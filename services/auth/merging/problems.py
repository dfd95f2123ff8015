"""Expected failures of merging two records."""

from libs.common.languages import Text, together
from libs.common.problems import Conflict, InvalidRequest
from services.auth.merging.texts import CONFLICTS


class RecordsConflict(Conflict):
    """The two records cannot be of one person as they are; `conflicts` names what must be settled first."""

    title = Text("These two records cannot be merged yet", "这两份记录尚不能合并")

    def explanation(self) -> Text:
        """What has to be settled, one after the other."""
        return together(CONFLICTS[one] for one in self.extensions["conflicts"])


class OneRecordOnly(InvalidRequest):
    """Both ids name the same record."""

    title = Text("These are one record already", "这是同一份记录")


class RosterAtWork(Conflict):
    """An import of a roster that names one of the two is being applied. Try again when it is done."""

    title = Text("A roster is being imported", "名册正在导入")
