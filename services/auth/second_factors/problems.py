"""Expected failures of second factors."""

from typing import ClassVar

from libs.common.languages import Text
from libs.common.problems import Conflict, InvalidRequest, Unauthorized
from services.auth.second_factors.rules import FRESH_S


class FreshSignInNeeded(Unauthorized):
    """Changing a second factor needs a sign-in of the last five minutes; sign in again first (RFC 9470)."""

    title = Text("Sign in again first", "请先重新登录")
    detail = Text(
        "To change how you sign in, you must have signed in during the last five minutes.",
        "更改登录方式前，须在最近五分钟内登录过。",
    )
    headers: ClassVar[dict[str, str]] = {
        "WWW-Authenticate": f'Bearer error="insufficient_user_authentication", max_age="{FRESH_S}"'
    }


class SecondFactorCodeRefused(InvalidRequest):
    """The code is wrong, was used before, or is not of this time. Check the telephone's clock."""

    title = Text("The code is not right", "验证码不正确")
    detail = Text("Wait for the next code and type that one.", "请等待下一个验证码后重新输入。")


class SecondFactorPresent(Conflict):
    """There is a second factor already; remove it before setting up another."""

    title = Text("There is a second factor already", "已启用二次验证")


class SecondFactorAbsent(Conflict):
    """There is no second factor, or its enrolment was not begun in this session or has expired."""

    title = Text("There is no second factor", "未启用二次验证")


class PasswordTooShortAlone(Conflict):
    """The password has fewer than 15 characters, which is only enough together with a second factor."""

    title = Text("Choose a longer password first", "请先更换更长的密码")
    detail = Text(
        "Without a second factor the password must have at least 15 characters.",
        "不使用二次验证时，密码至少需要 15 个字符。",
    )
