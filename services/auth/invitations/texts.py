"""What people read of invitations."""

from typing import Final

from libs.common.languages import Text

ANSWER: Final = {
    "title": Text("An invitation to be a guardian", "监护人邀请"),
    "lead": Text(
        "Type the code you were given. By accepting you become the child's guardian: you see the child's"
        " record, and decide for a child under 14.",
        "请输入您收到的邀请码。接受后您将成为该学生的监护人，可以查看其档案，并为未满十四周岁的儿童作出决定。",
    ),
    "code": Text("Code", "邀请码"),
    "accept": Text("Accept", "接受"),
    "refuse": Text("Refuse", "拒绝"),
    "code_refused": Text("The code is not valid. Ask for a new one.", "邀请码无效，请重新索取。"),
    "linked": Text("You are a guardian of {name} now.", "您已成为{name}的监护人。"),
    "accepted": Text("{name} is 14 or older and has to agree now.", "{name}已满十四周岁，等待本人同意。"),
    "refused": Text("You have refused.", "您已拒绝。"),
}
REQUESTS: Final = {
    "requests": Text("Who would be your guardian", "监护人申请"),
    "requests_lead": Text(
        "Guardians see your record. Agree only to people who care for you.",
        "监护人可以查看您的档案。请只同意真正照顾您的人。",
    ),
    "agree": Text("Agree", "同意"),
    "agree_long": Text("Agree to {name}", "同意{name}"),
    "decline": Text("Decline", "拒绝"),
    "decline_long": Text("Decline {name}", "拒绝{name}"),
}
