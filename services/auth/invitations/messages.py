"""The mails that invite people."""

from typing import Final

from libs.common.languages import Text
from services.auth.mail.service import Message

GUARDIAN: Final = Message(
    Text("You are invited to be a child's guardian in Xuebu", "学簿：监护人邀请"),
    Text(
        "Hello,\n\nsomebody at the school, or another guardian, names you as a guardian of {child}.\n\n"
        "Sign in and accept or refuse at {address}/invitations with this code, within {days} days:\n\n"
        "    {code}\n\nIf you do not know the child, do nothing.",
        "您好：\n\n学校或另一位监护人将您登记为 {child} 的监护人。\n\n"
        "请在 {days} 天内登录 {address}/invitations，凭以下邀请码接受或拒绝：\n\n"
        "    {code}\n\n如您不认识该学生，请忽略本邮件。",
    ),
)
PERSON: Final = Message(
    Text("Your account in Xuebu", "学簿：您的账号"),
    Text(
        "Hello {name},\n\n{organisation} has made an account for you. Your user name is {username}.\n\n"
        "Set your password at {address}/activate with this code, within {days} days:\n\n    {code}\n",
        "{name}，您好：\n\n{organisation} 已为您开通账号，用户名为 {username}。\n\n"
        "请在 {days} 天内打开 {address}/activate，凭以下激活码设置密码：\n\n    {code}\n",
    ),
)
