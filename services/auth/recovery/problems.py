"""The one refusal of a recovery."""

from libs.common.languages import Text
from libs.common.problems import InvalidRequest


class RecoveryRefused(InvalidRequest):
    """The link is unknown, used, expired or replaced by a newer one, or the mail address changed since."""

    title = Text("The link is no longer valid", "链接已失效")
    detail = Text("Ask for a new one and use the newest mail.", "请重新申请，并使用最新一封邮件中的链接。")
