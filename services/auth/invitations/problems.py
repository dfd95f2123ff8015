"""Expected failures of invitations."""

from libs.common.languages import Text
from libs.common.problems import Conflict, InvalidRequest


class InvitationRefused(InvalidRequest):
    """The code is unknown, used, revoked or expired, or whoever gave it may invite nobody any more."""

    title = Text("The invitation is not valid", "邀请无效")
    detail = Text("Ask for a new one.", "请重新索取邀请。")


class InvitationOfOneself(Conflict):
    """Nobody becomes a guardian by an invitation of their own, nor the own guardian."""

    title = Text("Somebody else must accept this invitation", "该邀请须由他人接受")


class GuardianAlready(Conflict):
    """The two belong together already."""

    title = Text("This person is a guardian of the child already", "该人员已是其监护人")


class TooManyInvitations(Conflict):
    """So many invitations of this child wait, or were made within a day, that no further one is."""

    title = Text("Too many invitations", "邀请过多")
    detail = Text("At most {limit} at a time.", "每次最多 {limit} 个。")
