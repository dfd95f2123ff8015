"""What the answers to items mean, in words."""

from typing import Final

from libs.common.languages import Text

#: by reason of an item, and `key_conflict` for the outcome conflict
REASONS: Final = {
    "learner_unknown": Text(
        "Nobody of that name or id is known in the institution's line.", "机构体系内没有该学习者。"
    ),
    "learner_ambiguous": Text(
        "Several learners have this name; use the id.", "有多名学习者使用该编号，请使用 id。"
    ),
    "course_unknown": Text("This is no course of the institution's line.", "机构体系内没有该课程。"),
    "course_ambiguous": Text(
        "Several courses have this name; use the id.", "有多门课程使用该编号，请使用 id。"
    ),
    "attempt_already_posted": Text(
        "The learner has live credits for this attempt: correct that entry instead.",
        "该次修读已有有效学分，请更正原记录。",
    ),
    "learner_moved": Text(
        "The learner moved to another bank node: send it there.",
        "该学习者已迁往其他学分银行节点，请发送至该节点。",
    ),
    "key_conflict": Text("The key came before with other content.", "该键此前已用于不同内容。"),
    "earned_in_future": Text("The day is in the future.", "日期在将来。"),
    "earned_too_early": Text("The day is before 1900.", "日期早于 1900 年。"),
}

#: why something else is not posted: reasons of items and of whole calls, and outcomes
REFUSALS: Final = {
    **REASONS,
    "conflict": REASONS["key_conflict"],
    "not_registered": Text("The institution may not post.", "该机构不能记入学分。"),
    "unknown": Text("The institution is not the client's any more.", "该机构已不属于此客户端。"),
    "scheme_unknown": Text("There is no such scheme.", "没有该学分体系。"),
}
