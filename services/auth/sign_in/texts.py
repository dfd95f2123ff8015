"""What people read while signing in."""

from typing import Final

from libs.common.languages import Text

SIGN_IN: Final = {
    "title": Text("Sign in", "登录"),
    "again_title": Text("Confirm that it is you", "请确认是您本人"),
    "for_client": Text("to go on to {client}", "以继续访问“{client}”"),
    "again": Text(
        "What you want to do changes how your account is protected. Please sign in once more.",
        "您将更改账号的安全设置，请再次登录。",
    ),
    "username": Text("User name", "用户名"),
    "password": Text("Password", "密码"),
    "submit": Text("Sign in", "登录"),
    "forgotten": Text("Forgotten your password?", "忘记密码？"),
    "have_code": Text("Have a code from your school?", "有学校发放的激活码？"),
    "refused": Text("The user name or the password is wrong", "用户名或密码错误"),
    "refused_hint": Text(
        "Check both: capital letters count in the password, not in the user name.",
        "请检查两项输入：密码区分大小写，用户名不区分。",
    ),
    "wait": Text("Too many tries", "尝试次数过多"),
    "wait_hint": Text(
        "Wait {wait} before the next one. On a device where you have signed in before, you need not wait.",
        "请等待 {wait} 后再试。在您以前登录过的设备上无需等待。",
    ),
    "busy": Text("Many people are signing in just now", "当前登录人数较多"),
    "busy_hint": Text("Nothing is wrong. Try again in a few seconds.", "您的输入没有问题，请几秒后重试。"),
    "stale": Text("This page was open for too long", "页面打开时间过长"),
    "stale_hint": Text("Nobody was signed in. Please try once more.", "未执行登录，请再试一次。"),
    "over": Text("This sign-in is over", "本次登录流程已结束"),
    "over_hint": Text(
        "It was finished already, or it waited for too long. Go back to the application and start again.",
        "该流程已完成或等待时间过长。请返回应用重新开始。",
    ),
}

SECOND_FACTOR: Final = {
    "title": Text("Second factor", "二次验证"),
    "lead": Text(
        "Type the six digits that your authenticator app shows now for {username}.",
        "请输入身份验证器应用当前为 {username} 显示的六位数字。",
    ),
    "code": Text("Code", "验证码"),
    "code_hint": Text(
        "Without your telephone: type one of your recovery codes.", "手机不在身边？请输入一个恢复码。"
    ),
    "submit": Text("Confirm", "确认"),
    "another": Text("Sign in as somebody else", "使用其他账号登录"),
    "refused": Text("The code is not right", "验证码不正确"),
    "refused_hint": Text(
        "Each code works once. Wait for the next one and type that.",
        "每个验证码只能使用一次，请等待下一个验证码。",
    ),
    "wait": SIGN_IN["wait"],
    "wait_hint": Text("Wait {wait} before the next one.", "请等待 {wait} 后再试。"),
    "over": SIGN_IN["over"],
    "over_hint": SIGN_IN["over_hint"],
}

_SECONDS: Final = Text("{n} seconds", "{n} 秒")
_MINUTES: Final = Text("{n} minutes", "{n} 分钟")
_HOURS: Final = Text("{n} hours", "{n} 小时")


def duration(seconds: int) -> Text:
    """A wait as people say it, rounded up."""
    if seconds < 120:
        return _SECONDS.format(n=seconds)
    if seconds < 7200:
        return _MINUTES.format(n=-(-seconds // 60))
    return _HOURS.format(n=-(-seconds // 3600))


def waiting(text: Text, seconds: int) -> Text:
    """A text whose `{wait}` is a duration, in both languages."""
    wait = duration(seconds)
    return Text(text.en.format(wait=wait.en), text.zh.format(wait=wait.zh))
