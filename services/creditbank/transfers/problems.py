"""Why a transfer cannot be asked for or decided like this."""

from libs.common.languages import Text
from libs.common.problems import Conflict, InvalidRequest


class OwnCredits(Conflict):
    """The institution issued these credits itself, or a part of it did: they count there already."""

    title = Text("These are the institution's own credits", "这些是该机构自己的学分")
    detail = Text("Its own: {lots}.", "其自有：{lots}。")


class DecisionIncomplete(InvalidRequest):
    """Every lot is decided on exactly once; a refusal has a reason; no more is accepted than was asked for.

    `lots` names those of which this is not so.
    """

    title = Text("The decision is not complete", "决定不完整")
    detail = Text("See {lots}.", "见 {lots}。")
