"""The text a guardian consents to. A new wording is a new version: decisions keep the one they were about."""

from typing import Final

from libs.common.languages import Text

VERSION: Final = "2026-11"

TITLE: Final = Text("Consent for a child under 14", "未满十四周岁儿童个人信息监护人同意书")
BODY: Final = Text(
    "With your consent, Xuebu keeps a personal space for the child: texts, pictures and files the child puts"
    " there, and what others write about them; and the child may use other applications with this account."
    " Teachers of the child's classes see what the child hands in; other people see what the child shares"
    " with them. Without your consent, only what the school and other institutions record is kept (name,"
    " school, classes, credits), seen by the child, by you and by those in charge there, and the child takes"
    " part in the duties of the classes. You can refuse, and you can withdraw later: from then on nothing is"
    " added or shown beyond that. At 14 the child decides alone.",
    "经您同意，学簿将为该儿童建立个人空间，保存其上传的文字、图片与文件以及他人对这些内容的评语，该儿童并可用此账号使用第三方应用。"
    "任课教师可以看到其提交的作业，其他人只能看到其分享的内容。如您不同意，平台仅保存学校及其他机构登记的信息（姓名、学校、班级、学分），"
    "仅该儿童、您和相关机构的负责人可以看到，该儿童只参加班级规定的学习任务。您可以拒绝，也可以随时撤回；"
    "撤回后不再新增或展示上述范围以外的内容。年满十四周岁后由本人自行决定。",
)

STATES: Final = {
    "not-needed": Text("Decides alone", "由本人决定"),
    "missing": Text("Your consent is asked for", "需要您的同意"),
    "given": Text("Consent given", "已同意"),
    "refused": Text("Consent refused", "已拒绝"),
    "withdrawn": Text("Consent withdrawn", "已撤回"),
}
#: what rosters call who somebody is to a child; people write what they like
RELATIONS: Final = {
    "guardian": Text("guardian", "监护人"),
    "parent": Text("parent", "父母"),
    "relative": Text("relative", "亲属"),
    "aide": Text("aide", "看护人"),
    "doctor": Text("doctor", "医生"),
    "other": Text("another relation", "其他关系"),
}
SECTION: Final = {
    "children": Text("Your children", "我的孩子"),
    "lead": Text(
        "For a child under 14, guardians decide what is kept beyond the school's roster.",
        "未满十四周岁的儿童，除学校名册信息外，是否保存其他内容由监护人决定。",
    ),
    "decide": Text("Read and decide", "阅读并决定"),
    "decide_long": Text("Read and decide for {name}", "阅读并为{name}作出决定"),
    "open": Text("Open", "查看"),
    "open_long": Text("Open the page of {name}", "查看{name}的页面"),
}
CHILD: Final = {
    **SECTION,
    "relation": Text("You are", "您的身份"),
    "state": Text("Consent", "监护人同意"),
    "mine": Text("You decided", "您的决定"),
    "version": Text("text of version {version}", "同意书版本 {version}"),
    "others": Text(
        "Another guardian objects. As long as that stands, nothing beyond the roster is kept.",
        "另一位监护人表示反对。在其改变决定之前，平台仅保存名册信息。",
    ),
    "give": Text("I consent", "我同意"),
    "refuse": Text("I refuse", "我不同意"),
    "withdraw": Text("Withdraw my consent", "撤回同意"),
    "unknown_age": Text(
        "The school has not told this pupil's age; until it does, the rules for children under 14 hold.",
        "学校尚未登记该学生的出生日期，在登记之前按未满十四周岁处理。",
    ),
    "not_needed": Text(
        "This child is 14 or older and decides alone.", "该学生已满十四周岁，由本人自行决定。"
    ),
    "history": Text("What was decided", "决定记录"),
    "nothing": Text("Nothing yet.", "暂无记录。"),
    "another": Text("Another guardian", "其他监护人"),
    "another_lead": Text(
        "Invite another guardian of this child. A child of 14 or more has to agree.",
        "您可以邀请该学生的其他监护人。年满十四周岁的学生须本人同意。",
    ),
    "relation_field": Text("Who the person is to the child", "与学生的关系"),
    "relation_hint": Text("For example: father, grandmother.", "例如：父亲、祖母。"),
    "email_field": Text("E-mail address", "邮箱"),
    "email_hint": Text("Without one you get a code to hand over.", "不填则生成邀请码，由您转交。"),
    "invite": Text("Invite", "邀请"),
    "code": Text(
        "Hand over this code; it works once, within 14 days: {code}",
        "请转交邀请码，14 天内使用一次有效：{code}",
    ),
    "mailed": Text("The invitation is on its way.", "邀请已发送。"),
    "no_email": Text("This is no mail address.", "邮箱地址无效。"),
    "no_relation": Text("Say who the person is to the child.", "请填写与学生的关系。"),
    "leave": Text("No longer my child's guardian", "解除监护关系"),
    "leave_lead": Text(
        "This is for good: only a new invitation makes you this child's guardian again.",
        "解除后只有重新接受邀请才能恢复。",
    ),
    "changed": Text("The text has changed. Read it again, please.", "同意书内容已更新，请重新阅读。"),
}


def relation(told: str) -> Text:
    """Who somebody is to a child, in both languages where a roster's word tells it."""
    return RELATIONS.get(told.lower(), Text(told, told))
