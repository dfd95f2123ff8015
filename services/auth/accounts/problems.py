"""Expected failures of accounts."""

from libs.common.languages import Text
from libs.common.problems import Conflict, InvalidRequest


class UsernameTaken(Conflict):
    """Another account has this user name, or one that differs only in case or in the form of its letters."""

    title = Text("The user name is taken", "用户名已被使用")


class UsernameRefused(InvalidRequest):
    """A user name has no spaces and no invisible characters, and at most 128 others."""

    title = Text("This cannot be a user name", "用户名无效")


class AccountSuspended(Conflict):
    """The account is suspended; let it work again first."""

    title = Text("The account is suspended", "账户已停用")


class CodeRefused(InvalidRequest):
    """The activation code is unknown, used, expired or replaced by a newer one."""

    title = Text("The code is not valid", "激活码无效")
    detail = Text("Ask your school for a new one.", "请向学校申请新的激活码。")
