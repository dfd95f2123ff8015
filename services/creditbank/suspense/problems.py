"""Expected failures of looking after what waits for its learner."""

from typing import ClassVar

from libs.common.languages import Text
from libs.common.problems import Conflict
from services.creditbank.deposits.words import REFUSALS


class NotWaiting(Conflict):
    """The item waits no more: it was posted, refused or withdrawn."""

    title = Text("The item waits no more", "该项目已不在等待")


class ClaimRefused(Conflict):
    """The credits cannot be posted to this learner; `reason` is one of those of items."""

    title = Text("The credits could not be posted", "学分未能记入")
    detail = Text("They still wait. {reason}", "该项目仍在等待。{reason}")
    words: ClassVar = {"reason": REFUSALS}
