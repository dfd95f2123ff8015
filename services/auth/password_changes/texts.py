"""What people read while changing their password."""

from typing import Final

from libs.common.languages import Text

TEXTS: Final = {
    "title": Text("Change your password", "更改密码"),
    "current": Text("Present password", "当前密码"),
    "new": Text("New password", "新密码"),
    "new_hint": Text(
        "At least {minimum} characters; several words make a good one. Anything may stand in it.",
        "至少 {minimum} 个字符，可以由几个词组成，字符不限。",
    ),
    "submit": Text("Change", "更改"),
    "others_end": Text(
        "Other devices and applications will be signed out. You stay signed in here.",
        "其他设备和应用将退出登录，此处保持登录状态。",
    ),
    "current_wrong": Text("This is not your present password.", "当前密码不正确。"),
    "unchanged": Text("This is the present password.", "新密码与当前密码相同。"),
    "wait": Text("Too many tries. Wait a while.", "尝试次数过多，请稍后再试。"),
    "busy": Text("Many people are signing in just now. Try again.", "当前登录人数较多，请重试。"),
    "done_title": Text("Your password was changed", "密码已更改"),
    "done": Text("Other devices and applications were signed out.", "其他设备和应用均已退出登录。"),
}
