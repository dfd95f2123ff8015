"""Texts that every page has."""

from typing import Final

from libs.common.languages import Text

LAYOUT: Final = {
    "product": Text("Xuebu", "学簿"),
    "claim": Text("The learner’s book", "学习者的一册书"),
    "promise": Text(
        "One account for lessons, portfolio and credits: from the first day of school on, for life.",
        "课堂、档案与学分，一个账号：从入学第一天起，相伴终身。",
    ),
    "skip": Text("Skip to the content", "跳到正文"),
    "language": Text("Language", "语言"),
    "required": Text("required", "必填"),
    "back_to_account": Text("Back to your account", "返回我的账号"),
    "failure_id": Text("Number of this failure, for those who help you", "供技术支持查询的编号"),
    "go_home": Text("To the start page", "前往首页"),
    "account": Text("Account", "我的账号"),
    "sign_out": Text("Sign out", "退出登录"),
}
