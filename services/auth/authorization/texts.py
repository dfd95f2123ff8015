"""What people read at the authorization endpoint, and what each scope means to them."""

from collections.abc import Mapping
from typing import Final

from libs.common.languages import Text
from services.auth.authorization.rules import Problem

REFUSALS: Final[Mapping[Problem, tuple[Text, Text]]] = {
    "unreadable": (
        Text("This request cannot be read", "无法读取该请求"),
        Text(
            "The application sent a request that is not well-formed. Tell those who look after it.",
            "应用发送的请求格式有误。请联系该应用的维护者。",
        ),
    ),
    "no-client": (
        Text("This application is not known here", "未知的应用"),
        Text(
            "The application that sent you is not registered, or it has been suspended. "
            "You were not sent on, and it has learnt nothing about you.",
            "您来自的应用未登记或已停用。您没有被转往别处，该应用也没有获得您的任何信息。",
        ),
    ),
    "no-redirect": (
        Text("The application did not say where to return", "应用未说明返回地址"),
        Text(
            "Its request needs exactly one redirect_uri. Tell those who look after the application.",
            "请求必须包含且仅包含一个 redirect_uri。请联系该应用的维护者。",
        ),
    ),
    "foreign-redirect": (
        Text("The return address is not the application's own", "返回地址不属于该应用"),
        Text(
            "Somebody may have tampered with the link that you followed. You were not sent on, and nothing "
            "about you was given away.",
            "您点击的链接可能已被篡改。您没有被转往别处，您的信息也没有泄露。",
        ),
    ),
    "over": (
        Text("This sign-in is over", "本次登录流程已结束"),
        Text(
            "It took too long, it was finished already, or it began in another browser. "
            "Return to the application and sign in there again.",
            "流程超时、已经完成，或是在另一个浏览器中开始的。请返回应用重新登录。",
        ),
    ),
}

SCOPES: Final[Mapping[str, Text]] = {
    "openid": Text("Know that it is you", "确认您的身份"),
    "profile": Text("See your name and language", "查看您的姓名和语言"),
    "email": Text("See your e-mail address", "查看您的电子邮箱"),
    "phone": Text("See your telephone number", "查看您的电话号码"),
    "address": Text("See your postal address", "查看您的通信地址"),
    "offline_access": Text("Keep this access while you are away", "在您离开后继续使用上述权限"),
    "account": Text("See your account, roles and sign-ins", "查看您的账号、身份和登录记录"),
    "organisations.manage": Text("Manage organisations in your name", "以您的名义管理组织"),
    "people.read": Text("See the people whom you may see", "查看您有权查看的人员"),
    "rosters.import": Text("Import rosters in your name", "以您的名义导入名册"),
    "spaces.read": Text("Read your learning spaces", "阅读您的学习空间"),
    "spaces.write": Text("Write in your learning spaces", "在您的学习空间中发布内容"),
    "credits.read": Text("See your credits", "查看您的学分"),
    "credits.write": Text("Use credits and decide about them in your name", "以您的名义使用和审批学分"),
    "statements/write": Text("Record in your name what you learn and do", "以您的名义记录学习经历"),
    "statements/read/mine": Text("Read what it has recorded about you", "读取该应用记录的您的学习经历"),
    "statements/read": Text("Read the learning records that you may read", "读取您有权查看的学习记录"),
    "state": Text("Keep your progress in activities", "保存您的学习进度"),
    "define": Text("Describe activities in your name, if you may", "在您有权时以您的名义描述学习活动"),
    "all/read": Text("Read all of the learning records that you may read", "读取您有权查看的全部学习记录"),
    "all": Text(
        "Read and write all of the learning records that you may use", "读取和写入您有权使用的全部学习记录"
    ),
}

CONSENT: Final[Mapping[str, Text]] = {
    "title": Text("Allow this application?", "是否允许该应用？"),
    "lead": Text("{client} asks for access to your account.", "{client} 请求访问您的账号。"),
    "by": Text("Registered by {organisation}", "由 {organisation} 登记"),
    "platform": Text("Part of this platform", "本平台的应用"),
    "wants": Text("If you allow it, it can:", "允许后，该应用可以："),
    "signed_in_as": Text("You are signed in as {name}.", "当前登录：{name}。"),
    "other": Text("Use another account", "使用其他账号"),
    "returns": Text(
        "You will return to {address}. You can withdraw this at any time on your account page.",
        "您将返回 {address}。您可以随时在账号页面撤回授权。",
    ),
    "allow": Text("Allow", "允许"),
    "deny": Text("Do not allow", "不允许"),
}

SELECT: Final[Mapping[str, Text]] = {
    "title": Text("Which account?", "选择账号"),
    "lead": Text("You are about to sign in to {client}.", "您即将登录 {client}。"),
    "go_on": Text("Continue as {name}", "以 {name} 的身份继续"),
    "other": Text("Use another account", "使用其他账号"),
}
