"""What people read while recovering an account."""

from typing import Final

from libs.common.languages import Text
from services.auth.recovery.rules import LINK_MINUTES

TEXTS: Final = {
    "title": Text("Forgotten your password?", "忘记密码？"),
    "lead": Text(
        "Type your user name. If your school has a mail address of yours, a link goes to it.",
        "请输入用户名。如学校登记了您的邮箱，我们会向该邮箱发送链接。",
    ),
    "username": Text("User name", "用户名"),
    "submit": Text("Send the link", "发送链接"),
    "no_address": Text(
        "No mail address, or no access to it? Your school gives you a code.",
        "没有邮箱或无法访问？请向学校索取激活码。",
    ),
    "have_code": Text("I have a code from my school", "我有学校发放的激活码"),
    "back": Text("Back to sign-in", "返回登录"),
    "wait": Text("Too many tries. Wait a while.", "尝试次数过多，请稍后再试。"),
    "sent_title": Text("Look into your mail", "请查收邮件"),
    "sent": Text(
        "If there is an account of that name with a mail address, a link is on its way. "
        f"It works once, within {LINK_MINUTES} minutes.",
        f"如果该用户名对应的账号登记了邮箱，链接已经发出。链接仅可使用一次，{LINK_MINUTES} 分钟内有效。",
    ),
    "sent_nothing": Text(
        "Nothing came? Look among unwanted mail, or ask your school for a code.",
        "没有收到？请查看垃圾邮件，或向学校索取激活码。",
    ),
    "choose_title": Text("Choose a new password", "设置新密码"),
    "password": Text("New password", "新密码"),
    "hint": Text(
        "At least 15 characters, or 8 with a second factor. Several words make a good one.",
        "至少 15 个字符（已启用二次验证的至少 8 个），可以由几个词组成。",
    ),
    "choose": Text("Set the password", "设置密码"),
    "ends": Text("You will be signed out everywhere.", "您将在所有设备上退出登录。"),
    "refused_title": Text("The link is no longer valid", "链接已失效"),
    "refused": Text(
        "It was used, it is too old, or a newer mail was sent. Only the newest link works.",
        "链接已使用、已过期，或已发送更新的邮件。只有最新的链接有效。",
    ),
    "again": Text("Ask for a new link", "重新申请链接"),
    "busy": Text("Many people are signing in just now. Try again.", "当前登录人数较多，请重试。"),
    "done_title": Text("Your password was set", "密码已设置"),
    "done": Text("Sign in with it now.", "请使用新密码登录。"),
    "sign_in": Text("Sign in", "登录"),
}
