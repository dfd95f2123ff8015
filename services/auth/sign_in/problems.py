"""The one refusal of a sign-in."""

from typing import ClassVar

from libs.common.languages import Text
from libs.common.problems import Unauthorized


class SignInRefused(Unauthorized):
    """The user name or the password is wrong, or the account cannot be used: which, nobody is told."""

    title = Text("The user name or the password is wrong", "用户名或密码错误")
    detail = Text("Check both and try again.", "请检查后重试。")
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="xuebu"'}
