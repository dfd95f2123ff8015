"""Expected failures of changing one's password."""

from libs.common.languages import Text
from libs.common.problems import InvalidRequest


class CurrentPasswordWrong(InvalidRequest):
    """The password given as the present one is not; wrong ones are counted, and make the next try wait."""

    title = Text("The present password is wrong", "当前密码不正确")


class PasswordUnchanged(InvalidRequest):
    """The new password is the present one."""

    title = Text("This is the present password", "新密码与当前密码相同")
