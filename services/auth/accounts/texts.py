"""What people read when they use the code of their school."""

from typing import Final

from libs.common.languages import Text

ACTIVATE: Final = {
    "title": Text("Set your password", "设置密码"),
    "lead": Text(
        "Your school gave you a code. With it you choose your own password; the code then no longer works.",
        "请使用学校发放的激活码设置您自己的密码。激活码使用一次后失效。",
    ),
    "code": Text("Code from your school", "学校发放的激活码"),
    "code_hint": Text(
        "16 letters and digits; hyphens and case do not matter.",
        "16 位字母和数字，不区分大小写，可省略连字符。",
    ),
    "password": Text("New password", "新密码"),
    "password_hint": Text(
        "At least 15 characters. Four or five words that nobody would guess are easy to remember.",
        "至少 15 个字符。四五个别人猜不到的词，既安全又好记。",
    ),
    "repeat": Text("The same password again", "再次输入新密码"),
    "submit": Text("Set the password and sign in", "设置密码并登录"),
    "different": Text("The two passwords are not the same.", "两次输入的密码不一致。"),
    "code_refused": Text(
        "This code is not valid. Check it, or ask your school for a new one.",
        "激活码无效。请检查输入，或向学校申请新的激活码。",
    ),
    "wait": Text("Too many tries", "尝试次数过多"),
    "wait_hint": Text(
        "Too many wrong codes came from your network. Try again in a few minutes.",
        "您所在的网络输入错误次数过多，请几分钟后再试。",
    ),
    "busy": Text("Many people are signing in just now", "当前登录人数较多"),
    "busy_hint": Text("Nothing is wrong. Try again in a few seconds.", "您的输入没有问题，请几秒后重试。"),
    "have_password": Text("Have a password already? Sign in", "已有密码？去登录"),
}
