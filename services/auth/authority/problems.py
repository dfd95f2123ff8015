"""Refusals for want of authority."""

from libs.common.languages import Text
from libs.common.problems import Forbidden


class NotInCharge(Forbidden):
    """Only an administrator of this organisation, or of one above it, may do this."""

    title = Text("Only an administrator in charge may do this", "仅负责的管理员可以执行此操作")
