"""The words in which a degree audit says what is missing and why credits do not count."""

from typing import Final

from libs.common.languages import Text
from services.creditbank.ledger.rules import credits_text
from services.creditbank.programmes.degree_audit import LeftOut, Measure
from services.creditbank.programmes.rules import RuleSet

UNMET: Final = {
    "total": Text(
        "{needed} credits are needed in all; {counted} count, {missing} are missing.",
        "总共需要 {needed} 学分；已计入 {counted}，还差 {missing}。",
    ),
    "requirement": Text(
        "“{title}” needs {needed} credits; {counted} count, {missing} are missing.",
        "“{title}”需要 {needed} 学分；已计入 {counted}，还差 {missing}。",
    ),
    "level": Text(
        "{needed} of the credits must be at level {level} or above; {counted} are, {missing} are missing.",
        "其中 {needed} 学分须达到 {level} 级及以上；已达到 {counted}，还差 {missing}。",
    ),
    "residency": Text(
        "{needed} of the credits must come from the awarding institution itself; {counted} do,"
        " {missing} are missing.",
        "其中 {needed} 学分须由授予机构本身记入；已有 {counted}，还差 {missing}。",
    ),
}

EXCLUDED: Final = {
    "not_accepted": Text(
        "The awarding institution has not accepted these credits; ask it for a transfer.",
        "授予机构尚未认可这些学分；请申请转移。",
    ),
    "expired": Text("These credits expired on {expires_on}.", "这些学分已于 {expires_on} 失效。"),
    "too_old": Text(
        "These credits were earned on {earned_on}; the programme takes none older than {months} months.",
        "这些学分取得于 {earned_on}；该项目不接受超过 {months} 个月的学分。",
    ),
    "grade_too_low": Text(
        "The grade is {grade}; at least {needed_grade} is needed.",
        "成绩为 {grade}；至少需要 {needed_grade}。",
    ),
    "grade_not_comparable": Text(
        "The grade {grade} cannot be compared with {needed_grade}, which is needed.",
        "成绩 {grade} 无法与所需的 {needed_grade} 比较。",
    ),
    "not_covered": Text(
        "No requirement of the programme covers this course.", "该项目没有任何要求涵盖此课程。"
    ),
    "equivalent_counted": Text(
        "The same or an equivalent course, a whole or a part of it, counts already.",
        "相同或等效的课程，或其整体、部分，已经计入。",
    ),
    "year_cap": Text("At most {cap} credits of one year count.", "每一学年最多计入 {cap} 学分。"),
    "provider_cap": Text(
        "At most {cap} credits of one other institution count.", "同一外部机构最多计入 {cap} 学分。"
    ),
    "recognition_cap": Text(
        "At most {cap} credits recognised for prior learning count.", "先前学习认定最多计入 {cap} 学分。"
    ),
    "residency_cap": Text(
        "At most {cap} credits may come from elsewhere.", "来自其他来源的学分最多计入 {cap}。"
    ),
    "requirement_full": Text(
        "What this course counts towards has reached the most it may have.", "此课程所属的要求已达上限。"
    ),
    "not_needed": Text("All the programme needs is met without these.", "不用这些学分也已满足全部要求。"),
}


def explain_unmet(rules: RuleSet, measure: Measure) -> Text:
    """What is missing by one rule."""
    titles = {one.code: one.title for one in rules.requirements}
    title = titles.get(measure.code, Text(measure.code, measure.code))
    values = {
        "needed": credits_text(measure.needed),
        "counted": credits_text(measure.counted),
        "missing": credits_text(measure.missing),
        "level": measure.code,
    }
    words = UNMET[measure.rule]
    return Text(words.en.format(title=title.en, **values), words.zh.format(title=title.zh, **values))


def explain_left_out(rules: RuleSet, left: LeftOut) -> Text:
    """Why a part of a lot does not count."""
    caps = {
        "year_cap": rules.most_a_year,
        "provider_cap": rules.most_of_a_provider,
        "recognition_cap": rules.most_recognised,
        "residency_cap": rules.total - rules.residency,
    }
    return EXCLUDED[left.reason].format(
        cap=credits_text(caps.get(left.reason) or 0),
        expires_on=left.credit.expires_on,
        earned_on=left.credit.earned_on,
        months=rules.bar.maximum_age_months,
        grade=left.credit.grade or "-",
        needed_grade=rules.bar.minimum_grade,
    )
