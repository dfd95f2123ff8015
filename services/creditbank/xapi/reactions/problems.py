"""Failures of handling reactions."""

from libs.common.languages import Text
from libs.common.problems import Conflict


class ReactionPending(Conflict):
    """Only a rule that was approved can be paused or resumed."""

    title = Text("The rule has not been approved", "该规则尚未批准")


class ClaimPosted(Conflict):
    """The credits were posted: there is nothing to try again. A correction takes them back."""

    title = Text("The credits have been posted", "学分已记入")
