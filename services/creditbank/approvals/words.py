"""What the states of things that people decide on are called in a sentence."""

from typing import Final

from libs.common.languages import Text

STATES: Final = {
    "draft": Text("draft", "草稿"),
    "requested": Text("requested", "已申请"),
    "assessed": Text("assessed", "已评估"),
    "offered": Text("offered to the learner", "等待学习者接受"),
    "posted": Text("posted", "已记入"),
    "approved": Text("approved", "已批准"),
    "rejected": Text("rejected", "已驳回"),
    "refused": Text("refused", "已拒绝"),
    "withdrawn": Text("withdrawn", "已撤回"),
    "lapsed": Text("lapsed", "已过期"),
    "certified": Text("certified", "已授予"),
    "rescinding": Text("being rescinded", "正在撤销"),
    "rescinded": Text("rescinded", "已撤销"),
    "opened": Text("opened", "已立案"),
    "evidence": Text("open, with evidence", "举证中"),
    "decided": Text("decided", "已决定"),
    "appealed": Text("appealed against", "申诉中"),
    "closed": Text("closed", "已结案"),
}
