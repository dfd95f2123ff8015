"""What is wrong with a request to the learning record store."""

from libs.common.languages import Text
from libs.common.problems import Forbidden, Problem


class XapiRequestInvalid(Problem):
    """The request does not follow the Experience API in the version it names.

    `path` says where in the request, `clause` which requirement, `reason` what is wrong there. Where several
    things are wrong, `errors` lists them in the same way.
    """

    status = 400
    title = Text("The request does not follow xAPI", "请求不符合 xAPI 规范")
    detail = Text("{path}: see {clause}.", "{path}：参见 {clause}。")

    def __init__(self, *, path: str, clause: str, reason: Text, **more: object) -> None:
        super().__init__(path=path, clause=clause, reason=reason, **more)

    def explanation(self) -> Text:
        """The reason itself, so that it is read even where only one sentence is shown."""
        path, clause, reason = (self.extensions[name] for name in ("path", "clause", "reason"))
        return Text(f"{path}: {reason.en} ({clause})", f"{path}：{reason.zh}（{clause}）")


class XapiPermissionMissing(Forbidden):
    """The credential does not have the permission this operation needs (xAPI 1.0.3, part three, 4.2)."""

    title = Text("The credential lacks a permission", "凭据缺少所需的权限")
    detail = Text("This needs one of: {permissions}.", "需要以下权限之一：{permissions}。")


class NotOwnRecord(Forbidden):
    """A person who does not look after the organisation may only write and read what is about themself."""

    title = Text("Only about yourself", "仅限本人的记录")
    detail = Text(
        "Through this application you may only use the agent of your own account.",
        "通过此应用只能使用您本人账号对应的身份。",
    )


class RecordPlaceUnknown(Forbidden):
    """It is not said in which organisation's record store the person acts: they hold no role, or several."""

    title = Text("Which organisation's records?", "未指明机构")
    detail = Text(
        "Choose the role you act in; only the records of an organisation where you hold a role are open.",
        "请先选择当前身份；只能使用您所任职或就读机构的记录。",
    )
