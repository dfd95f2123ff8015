"""What people read when they sign out."""

from collections.abc import Mapping
from typing import Final

from libs.common.languages import Text
from services.auth.logout.rules import Problem

REFUSALS: Final[Mapping[Problem, tuple[Text, Text]]] = {
    "unreadable": (
        Text("This request cannot be read", "无法读取该请求"),
        Text(
            "The application sent a request that is not well-formed. You are still signed in.",
            "应用发送的请求格式有误。您仍处于登录状态。",
        ),
    ),
    "hint": (
        Text("The application's proof is not valid", "应用提供的凭据无效"),
        Text(
            "The ID token it sent is not one of ours for this application. You are still signed in.",
            "应用发送的 ID 令牌并非由本平台为其签发。您仍处于登录状态。",
        ),
    ),
    "client": (
        Text("This application is not known here", "未知的应用"),
        Text(
            "The application that wants to sign you out is not registered, or it has been suspended. "
            "You are still signed in.",
            "请求退出登录的应用未登记或已停用。您仍处于登录状态。",
        ),
    ),
    "address": (
        Text("The return address is not the application's own", "返回地址不属于该应用"),
        Text(
            "Somebody may have tampered with the link that you followed. "
            "You were not sent on and are still signed in.",
            "您点击的链接可能已被篡改。您没有被转往别处，仍处于登录状态。",
        ),
    ),
}

CONFIRM: Final[Mapping[str, Text]] = {
    "title": Text("Sign out?", "退出登录？"),
    "asked_by": Text("{client} asks to sign you out.", "{client} 请求将您退出登录。"),
    "lead": Text(
        "You will be signed out here, and applications will ask you to sign in again.",
        "您将在此浏览器中退出登录，各应用会要求您重新登录。",
    ),
    "out": Text("Sign out", "退出登录"),
    "stay": Text("Stay signed in", "保持登录"),
}

SIGNED_OUT: Final[Mapping[str, Text]] = {
    "title": Text("You are signed out", "您已退出登录"),
    "lead": Text(
        "On a computer that others use, close the browser as well.",
        "如果使用的是公用电脑，请同时关闭浏览器。",
    ),
    "again": Text("Sign in again", "重新登录"),
}
