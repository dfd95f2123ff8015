"""Failures of looking after a record store as a whole."""

from libs.common.languages import Text
from libs.common.problems import Forbidden


class NotInChargeOfStore(Forbidden):
    """What an organisation's record store keeps is decided by its administrators, or by those above it."""

    title = Text("Only its administrators look after the store", "仅机构管理员可管理学习记录库")
