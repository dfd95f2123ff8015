"""Failures of handling subscriptions."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden, InvalidRequest


class NotInChargeOfSubscriptions(Forbidden):
    """Where an organisation's statements are sent is decided by its administrators, or by those above it."""

    title = Text("Only its administrators subscribe", "仅机构管理员可管理订阅")


class TooManySubscriptions(Conflict):
    """The organisation has as many subscriptions as it may have; end those not in use."""

    title = Text("Too many subscriptions", "订阅过多")
    detail = Text("At most {most} may exist at a time.", "同时存在的订阅最多 {most} 个。")


class TargetNotAllowed(InvalidRequest):
    """Statements are sent by https:// only, to a host without user name, and never into private networks."""

    title = Text("Statements may not be sent there", "不能将语句发送到该地址")
    detail = Text(
        "The address must begin with https:// and name a public host.",
        "地址必须以 https:// 开头，且主机必须为公网主机。",
    )


class SubscriptionEnded(Conflict):
    """An ended subscription stays ended; create another one."""

    title = Text("The subscription has ended", "该订阅已结束")
