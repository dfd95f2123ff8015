"""What people read of the applications they use."""

from collections.abc import Mapping
from typing import Final

from libs.common.languages import Text

APPLICATIONS: Final[Mapping[str, Text]] = {
    "applications_title": Text("Applications", "应用"),
    "applications_lead": Text(
        "These may act for you. Withdrawing ends their access at once.",
        "以下应用可以代表您操作。撤回后其访问立即终止。",
    ),
    "applications_none": Text("No application acts for you.", "没有应用代表您操作。"),
    "applications_allowed": Text("Allowed on", "授权时间"),
    "applications_platform": Text("Part of this platform", "本平台的应用"),
    "applications_withdraw": Text("Withdraw", "撤回授权"),
    "applications_withdraw_from": Text("Withdraw from {client}", "撤回对 {client} 的授权"),
}
