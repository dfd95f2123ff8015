"""What people read on their account page."""

from typing import Final

from libs.common.languages import Text

ACCOUNT: Final = {
    "title": Text("Your account", "我的账号"),
    "profile": Text("About you", "个人信息"),
    "profile_hint": Text(
        "Your school enters these. If something is wrong, tell the school office.",
        "以上信息由学校登记。如有错误，请联系学校。",
    ),
    "name": Text("Name", "姓名"),
    "preferred_name": Text("Called", "常用名"),
    "username": Text("User name", "用户名"),
    "email": Text("E-mail", "邮箱"),
    "phone": Text("Telephone", "电话"),
    "address": Text("Address", "通信地址"),
    "birth_date": Text("Born on", "出生日期"),
    "identifier": Text("Number for life", "终身编号"),
    "roles": Text("Your roles", "我的身份"),
    "roles_hint": Text(
        "The active role is the one that applications show first. It gives no right and takes none.",
        "应用优先显示当前身份。切换身份不会增减任何权限。",
    ),
    "no_roles": Text("You have no role at present.", "您目前没有身份。"),
    "active": Text("Active", "当前"),
    "switch": Text("Use this role", "切换到此身份"),
    "switch_to": Text("Use the role {role} at {organisation}", "切换为{organisation}的{role}"),
    "from": Text("from {date}", "自 {date} 起"),
    "until": Text("until {date}", "至 {date}"),
    "security": Text("How you sign in", "登录与安全"),
    "password": Text("Password", "密码"),
    "password_hint": Text("Several words make a good one.", "由几个词组成的密码更安全好记。"),
    "change_password": Text("Change", "修改"),
    "change_password_long": Text("Change the password", "修改密码"),
    "second_factor": Text("Second factor", "二次验证"),
    "second_factor_on": Text("On: a code from your authenticator app", "已启用：身份验证器应用的验证码"),
    "second_factor_off": Text(
        "Off. A code from your telephone keeps others out even if they learn your password.",
        "未启用。启用后，即使密码泄露，他人没有您手机上的验证码也无法登录。",
    ),
    "manage": Text("Manage", "管理"),
    "manage_long": Text("Manage the second factor", "管理二次验证"),
    "set_up": Text("Set up", "启用"),
    "set_up_long": Text("Set up the second factor", "启用二次验证"),
    "sessions": Text("Where you are signed in", "登录的设备"),
    "sessions_hint": Text(
        "If you do not know one of these, end it and change your password.",
        "若发现不认识的设备，请结束该登录并修改密码。",
    ),
    "this_one": Text("This device", "本设备"),
    "unknown_device": Text("An unknown device", "未知设备"),
    "since": Text("Signed in", "登录于"),
    "network": Text("network {network}", "网络 {network}"),
    "end": Text("End", "结束"),
    "end_long": Text("End the session of {device}", "结束 {device} 的登录"),
    "end_others": Text("End all others", "结束其他所有登录"),
    "signed_in_as": Text("Signed in as {name}", "{name} 已登录"),
}

DONE: Final = {
    "session-ended": Text("The session has ended.", "该登录已结束。"),
    "others-ended": Text("All other sessions have ended.", "其他登录均已结束。"),
    "role": Text("This role is active now.", "已切换身份。"),
    "activated": Text(
        "Welcome. Your password is set, and you are signed in.", "欢迎！密码已设置，您已登录。"
    ),
    "password": Text("Your password has been changed.", "密码已修改。"),
    "second-factor": Text("The second factor is on.", "二次验证已启用。"),
    "second-factor-removed": Text("The second factor is off.", "二次验证已停用。"),
    "application": Text("The application's access has ended.", "该应用的授权已撤回。"),
    "consent": Text("Your decision has been recorded.", "您的决定已记录。"),
    "erasure-asked": Text("The wait has begun.", "等待期已开始。"),
    "erasure-withdrawn": Text("Your record stays.", "您的记录将保留。"),
}

ROLES: Final = {
    "student": Text("Student", "学生"),
    "teacher": Text("Teacher", "教师"),
    "guardian": Text("Guardian", "监护人"),
    "staff": Text("Staff", "职工"),
    "registrar": Text("Registrar", "教务员"),
    "assessor": Text("Assessor", "评审员"),
    "administrator": Text("Administrator", "管理员"),
    "auditor": Text("Auditor", "审计员"),
}
