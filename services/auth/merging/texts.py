"""What an administrator reads of conflicts."""

from collections.abc import Mapping
from typing import Final

from libs.common.languages import Text
from services.auth.merging.rules import Conflict

CONFLICTS: Final[Mapping[Conflict, Text]] = {
    "own_record": Text(
        "One of the two is your own record: another administrator must do this.",
        "其中一份是您本人的记录，须由另一位管理员办理。",
    ),
    "erasure_asked": Text(
        "One of the two is to be erased: withdraw that first.", "其中一份记录已申请删除，请先撤回该申请。"
    ),
    "account_suspended": Text(
        "One of the two has a suspended account: let it work again first.",
        "其中一份记录的账户已停用，请先恢复。",
    ),
    "second_factor_lost": Text(
        "The account that would stay has a second factor, which cannot move to another record: merge the"
        " other way round, or reset the second factor first.",
        "将保留的账户已启用二次验证，无法转移到另一份记录：请反向合并，或先重置二次验证。",
    ),
    "same_roster": Text(
        "One roster has both as two people: let it drop one of them first, then import it.",
        "同一名册将其列为两人，请先在名册中移除其一并重新导入。",
    ),
    "guardian_of_each_other": Text(
        "One is the guardian of the other: end that first.", "其中一人是另一人的监护人，请先解除该关系。"
    ),
    "birth_dates_differ": Text(
        "The dates of birth differ: correct the wrong one first.", "出生日期不一致，请先更正错误的一项。"
    ),
    "master_identifiers_differ": Text(
        "The two have different userMasterIdentifiers: rosters know them as two people.",
        "两份记录的 userMasterIdentifier 不同，名册将其视为两人。",
    ),
}
