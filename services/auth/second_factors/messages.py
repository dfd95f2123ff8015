"""Notices about second factors, sent to the address the person has here."""

from typing import Final

from libs.common.languages import Text
from services.auth.mail.service import Message

_NOT_YOU: Final = Text(
    "\n\nIf this was not you, change your password at once and tell your school.",
    "\n\n如果这不是您本人的操作，请立即更改密码并告知学校。",
)


def _notice(subject: Text, body: Text) -> Message:
    return Message(subject, Text(body.en + _NOT_YOU.en, body.zh + _NOT_YOU.zh))


ENROLLED: Final = _notice(
    Text("A second factor was set up", "二次验证已启用"),
    Text(
        "From now on signing in to your account also asks for a code from your authenticator app.",
        "从现在起，登录您的账号时还需输入身份验证器应用中的验证码。",
    ),
)
REMOVED: Final = _notice(
    Text("The second factor was removed", "二次验证已停用"),
    Text(
        "From now on your password alone signs you in to your account.",
        "从现在起，登录您的账号只需密码。",
    ),
)
CODES_RENEWED: Final = _notice(
    Text("New recovery codes", "恢复码已更换"),
    Text(
        "New recovery codes were made for your account; the earlier ones no longer work.",
        "您的账号已生成新的恢复码，旧代码不再有效。",
    ),
)
CODE_USED: Final = _notice(
    Text("A recovery code was used", "恢复码已使用"),
    Text(
        "Somebody signed in to your account with one of its recovery codes.",
        "有人使用恢复码登录了您的账号。",
    ),
)
