"""What people read about second factors."""

from typing import Final

from libs.common.languages import Text

TEXTS: Final = {
    "title": Text("Second factor", "二次验证"),
    "lead": Text(
        "With a second factor, your password alone opens nothing: signing in also asks for a code that only "
        "your telephone shows.",
        "启用二次验证后，仅凭密码无法登录：登录时还需输入只有您的手机才会显示的验证码。",
    ),
    "off": Text("It is not set up.", "尚未启用。"),
    "on_since": Text("Set up on", "启用时间"),
    "codes_left": Text("Unused recovery codes", "未使用的恢复码"),
    "few_codes": Text(
        "Few recovery codes are left. Make new ones while you still have your telephone.",
        "恢复码所剩不多，请趁手机还在身边时重新生成。",
    ),
    "begin": Text("Set up a second factor", "启用二次验证"),
    "set_up_title": Text("Set up your second factor", "启用二次验证"),
    "step_scan": Text("Take a picture with your authenticator app", "用身份验证器应用扫描"),
    "step_scan_hint": Text(
        "Any authenticator app will do, for example the one in your telephone's password manager.",
        "任何身份验证器应用均可，例如手机密码管理器自带的应用。",
    ),
    "picture": Text("Picture for the authenticator app", "供身份验证器应用扫描的二维码"),
    "or_type": Text("Or type this key into it", "或手动输入此密钥"),
    "step_code": Text("Type the code that it shows", "输入应用显示的验证码"),
    "code": Text("Code", "验证码"),
    "confirm": Text("Switch on", "启用"),
    "others_end": Text("You will be signed out on other devices.", "您将在其他设备上退出登录。"),
    "codes_title": Text("Your recovery codes", "您的恢复码"),
    "codes_lead": Text(
        "Each of them stands in for your telephone once. Print them or write them down, and keep them where "
        "you keep important papers. They are shown only now.",
        "每个恢复码可代替手机使用一次。请打印或抄写，并与重要证件一起保管。恢复码仅显示这一次。",
    ),
    "codes_kept": Text("I have kept them", "我已妥善保存"),
    "on": Text("The second factor is switched on.", "二次验证已启用。"),
    "renewed": Text(
        "These are your new recovery codes; the earlier ones no longer work.", "旧恢复码已失效。"
    ),
    "renew_title": Text("New recovery codes", "重新生成恢复码"),
    "renew_lead": Text("The present ones will no longer work.", "现有的恢复码将失效。"),
    "renew": Text("Make new codes", "重新生成"),
    "remove_title": Text("Remove the second factor", "停用二次验证"),
    "remove_lead": Text("From then on your password alone signs you in.", "停用后仅凭密码即可登录。"),
    "remove": Text("Remove", "停用"),
    "code_hint": Text("Of your app, or a recovery code", "应用中的验证码或恢复码"),
    "refused": Text(
        "The code is not right. Each code works once: wait for the next one.",
        "验证码不正确。每个验证码只能使用一次，请等待下一个。",
    ),
    "wait": Text("Too many tries. Wait a while.", "尝试次数过多，请稍后再试。"),
    "too_short": Text(
        "Without a second factor your password is too short. Choose a longer one first.",
        "停用后您的密码过短，请先更换更长的密码。",
    ),
    "change_password": Text("Change the password", "更改密码"),
}
