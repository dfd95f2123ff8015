"""What people are written about recovery."""

from typing import Final

from libs.common.languages import Text
from services.auth.mail.service import Message

LINK: Final = Message(
    Text("Choose a new password", "设置新密码"),
    Text(
        "Somebody, probably you, asked to choose a new password for the account {username}.\n\n"
        "{link}\n\n"
        "The link works once, within {minutes} minutes. A newer mail makes this one void.\n"
        "If this was not you, do nothing: your password stays as it is.",
        "有人（可能是您本人）申请为账号 {username} 设置新密码。\n\n"
        "{link}\n\n"
        "链接仅可使用一次，{minutes} 分钟内有效；如收到更新的邮件，此链接即失效。\n"
        "如果这不是您本人的操作，请忽略此邮件，您的密码不会改变。",
    ),
)
RECOVERED: Final = Message(
    Text("Your password was changed", "您的密码已更改"),
    Text(
        "A new password was set for your account by a link from a mail to this address. You were signed out "
        "everywhere.\n\nIf this was not you, tell your school at once.",
        "有人通过发送至此邮箱的链接为您的账号设置了新密码，所有设备均已退出登录。\n\n"
        "如果这不是您本人的操作，请立即告知学校。",
    ),
)
