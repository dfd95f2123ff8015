"""What people are written about their record."""

from typing import Final

from libs.common.languages import Text
from services.auth.mail.service import Message

ADDRESS_CHANGED: Final = Message(
    Text("Your mail address was changed", "您的邮箱地址已更改"),
    Text(
        "Your school set another mail address for your account. Links for a forgotten password no longer "
        "come to this one.\n\nIf this surprises you, tell your school.",
        "学校已为您的账号登记了新的邮箱地址，找回密码的链接不再发送到此邮箱。\n\n如有疑问，请告知学校。",
    ),
)
