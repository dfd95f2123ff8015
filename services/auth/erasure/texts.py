"""What people read about being erased."""

from collections.abc import Mapping
from typing import Final

from libs.common.languages import Text

ERASURE: Final[Mapping[str, Text]] = {
    "title": Text("Erase my record", "删除我的记录"),
    "lead": Text(
        "You can have everything about you erased: your account, names, roles and your personal space. What"
        " you wrote for a class stays there without your name.",
        "您可以申请删除与您有关的全部信息：账户、姓名、身份和个人空间。您在班级中发布的内容将保留，但不再显示您的姓名。",
    ),
    "open": Text("Read more", "了解详情"),
    "waits": Text(
        "Nothing happens for {days} days: until then you, or your school, can withdraw this. Afterwards"
        " nobody can bring anything back.",
        "申请后 {days} 天内不会执行，在此期间您或您的学校可以撤回；之后任何人都无法恢复。",
    ),
    "roster": Text(
        "As long as a school has you on its roster, the erasure waits.",
        "只要学校名册中仍有您的信息，删除就会等待。",
    ),
    "credits": Text(
        "The credits you earned stay in the books of those who gave them, and lead to nobody any more.",
        "您获得的学分仍保留在授予机构的账目中，但不再与您关联。",
    ),
    "ask": Text("Erase me after that time", "到期后删除我的记录"),
    "keep": Text("Keep my record", "保留我的记录"),
    "asked": Text("Your record is to be erased, not before:", "您的记录将被删除，最早于："),
    "withdraw": Text("Withdraw and keep my record", "撤回申请，保留我的记录"),
}
