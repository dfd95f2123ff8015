"""The text a guardian consents to. A new wording is a new version: decisions keep the one they were about."""

from typing import Final

from libs.common.languages import Text

VERSION: Final = "2026-11"

TITLE: Final = Text("Consent for a child under 14", "未满十四周岁儿童个人信息监护人同意书")
BODY: Final = Text(
    "With your consent, Xuebu keeps a personal space for the child: texts, pictures and files the child puts"
    " there, what others write about them, and a record of learning that stays for life. Teachers of the"
    " child's classes see what the child hands in; other people see what the child shares with them."
    " Without your consent, only what the school's roster says is kept (name, school, classes), and the"
    " child takes part in the duties of the classes. You can refuse, and you can withdraw later: from then on"
    " nothing is added or shown beyond that. At 14 the child decides alone.",
    "经您同意，学簿将为该儿童建立个人空间，保存其上传的文字、图片与文件、他人对这些内容的评语，以及终身保留的学习记录。"
    "任课教师可以看到其提交的作业，其他人只能看到其分享的内容。如您不同意，平台仅保存学校名册所载信息（姓名、学校、班级），"
    "该儿童只参加班级规定的学习任务。您可以拒绝，也可以随时撤回；撤回后不再新增或展示上述范围以外的内容。年满十四周岁后由本人自行决定。",
)
