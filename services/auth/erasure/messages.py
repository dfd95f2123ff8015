"""Notices of erasure, sent to the address the person has."""

from typing import Final

from libs.common.languages import Text
from services.auth.mail.service import Message

ASKED: Final = Message(
    Text("Your record is to be erased", "您的记录将被删除"),
    Text(
        "Your record in Xuebu is to be erased, not before {day} (UTC). Until then you, or your school, can"
        " withdraw this. Afterwards nobody can bring it back.\n\nIf this is not what you want, sign in and"
        " withdraw it, or tell your school.",
        "您在学簿的记录将被删除，最早于 {day}（UTC）执行。"
        "在此之前，您或您的学校可以撤回；之后任何人都无法恢复。"
        "\n\n如非您的意愿，请登录后撤回，或告知学校。",
    ),
)
CANCELLED: Final = Message(
    Text("Your record stays", "您的记录将保留"),
    Text("The erasure of your record was withdrawn.", "删除您的记录的申请已撤回。"),
)
