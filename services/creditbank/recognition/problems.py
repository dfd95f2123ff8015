"""Why learning is not recognised like this."""

from typing import ClassVar

from libs.common.languages import Text
from libs.common.problems import Conflict, InvalidRequest
from services.creditbank.deposits.words import REFUSALS


class NotOfInstitution(Conflict):
    """Learning is recognised by an institution at which, above or below which, you hold or held a role."""

    title = Text("You do not belong to this institution", "您不属于该机构")


class AssessmentIncomplete(InvalidRequest):
    """Every claim is judged exactly once, and an offer names a course of the institution and a scheme.

    `claims` names those of which this is not so.
    """

    title = Text("The assessment is not complete", "评估不完整")
    detail = Text("See {claims}.", "见 {claims}。")


class NotPosted(Conflict):
    """The credits offered cannot be posted any more: `reason` says why, as for deposits."""

    title = Text("The credits cannot be posted", "学分不能记入")
    detail = Text("{reason}", "{reason}")
    words: ClassVar = {"reason": REFUSALS}
