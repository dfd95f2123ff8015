"""What the reasons of items and files mean, in words."""

from typing import Final

from libs.common.languages import Language, Text

_WORDS: Final = {
    # of items
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
    "row_malformed": Text("The row does not have the form of the others.", "该行格式与其他行不符。"),
    "value_missing": Text("A value is missing.", "缺少值。"),
    "value_invalid": Text("The value is not of the documented form.", "值的格式不符合文档。"),
    "value_repeated": Text("Give the id or the roster's name, not both.", "请只给出 id 或编号之一。"),
    "not_passed": Text("The grade is none that earns credits.", "该成绩不授予学分。"),
    "grade_unknown": Text("The profile does not know this grade.", "该格式未定义此成绩。"),
    "modified_record": Text(
        "A modified record is a correction, not a deposit: correct the entry.",
        "修改后的记录属于更正而非新记入，请更正原记录。",
    ),
    "cancelled_record": Text(
        "A cancelled record is a revocation, not a deposit: revoke the entry.",
        "已取消的记录属于撤销而非新记入，请撤销原记录。",
    ),
    # of files
    "not_text": Text("The file is not text in the encoding given.", "文件不是所给编码的文本。"),
    "empty": Text("There is nothing in the file.", "文件为空。"),
    "columns_missing": Text("The header lacks columns that the profile needs.", "表头缺少该格式所需的列。"),
    "columns_repeated": Text("The header names a column twice.", "表头中有重复的列。"),
    "too_many_rows": Text(
        "The file has more than 100,000 rows or 500,000 items.", "文件超过 10 万行或 50 万项。"
    ),
    "row_endless": Text("A row has no end: is a quotation mark missing?", "有一行没有结束：是否缺少引号？"),
    "items_refused": Text(
        "All or nothing was asked, and some items cannot be posted: nothing was.",
        "要求全部记入，但有项目无法记入：未作任何记入。",
    ),
    "not_registered": Text("The institution may not post.", "该机构不能记入学分。"),
    "unknown": Text("The institution is not the client's any more.", "该机构已不属于此客户端。"),
    "scheme_unknown": Text("There is no such scheme.", "没有该学分体系。"),
}


def words(reason: str | None, language: Language) -> str | None:
    """A reason in words, none where there is no reason."""
    if reason is None:
        return None
    text = _WORDS.get(reason)
    return reason if text is None else text.in_language(language)
