"""What the reasons of items and files mean, in words."""

from typing import Final

from libs.common.languages import Language, Text
from services.creditbank.deposits.words import REFUSALS

_WORDS: Final = {
    **REFUSALS,
    # of rows
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
}


def words(reason: str | None, language: Language) -> str | None:
    """A reason in words, none where there is no reason."""
    if reason is None:
        return None
    text = _WORDS.get(reason)
    return reason if text is None else text.in_language(language)
