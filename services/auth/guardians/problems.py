"""Expected failures of guardians and their consent."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden


class ConsentNotNeeded(Conflict):
    """The child is 14 or older, or no pupil of a school: nobody has to consent any more."""

    title = Text("No consent is needed for this child", "该学生无需监护人同意")


class ConsentOutOfOrder(Conflict):
    """Consent that was given can be withdrawn and given again; it is refused before it was ever given."""

    title = Text("This cannot follow what was decided before", "与先前的决定不符")
    detail = Text("Consent that was given is withdrawn.", "已给予的同意应当撤回，而非拒绝。")


class ConsentTextChanged(Conflict):
    """The text has changed since it was shown; `text_version` names the present one, which has to be read."""

    title = Text("The text has changed", "同意书内容已更新")
    detail = Text(
        "Read the present text, version {text_version}, then decide.",
        "请阅读当前版本 {text_version} 后再决定。",
    )


class GuardianNotOfAge(Forbidden):
    """Whoever is under age, or a pupil of unknown age, decides for nobody else."""

    title = Text("Only an adult may do this", "仅成年人可以执行此操作")


class GuardiansOfTheYoung(Forbidden):
    """A child under 14 does not part with a guardian; the guardian or the school ends this."""

    title = Text("Your school ends this for you", "请由学校办理")
