"""Expected failures, as RFC 9457 problem types. Rendering lives in `libs.common.http`.

A service raises a subclass of `Problem`; its docstring is what the type's address answers with.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from libs.common.languages import Text


class Problem(Exception):
    """An expected failure that the caller can understand and act on."""

    status: ClassVar[int] = 400
    title: ClassVar[Text] = Text("The request could not be carried out", "请求无法完成")
    detail: ClassVar[Text | None] = None
    headers: ClassVar[dict[str, str]] = {}
    #: by the name of an extension that holds a code: what `detail` says for each code
    words: ClassVar[Mapping[str, Mapping[str, Text]]] = {}

    #: every type by its slug, so that documentation and the type addresses are complete
    registry: ClassVar[dict[str, type["Problem"]]] = {}
    slug: ClassVar[str] = "problem"

    def __init__(self, **extensions: Any) -> None:
        """`extensions` fill the placeholders of `detail` and become members of the document."""
        super().__init__(self.slug)
        self.extensions = extensions

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.slug = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()
        Problem.registry[cls.slug] = cls

    def explanation(self) -> Text | None:
        if self.detail is None:
            return None
        told = {
            name: words.get(self.extensions[name], self.extensions[name])
            for name, words in self.words.items()
        }
        return self.detail.format(**{**self.extensions, **told})

    def response_headers(self) -> dict[str, str]:
        """Headers this one failure needs, for example Retry-After."""
        return dict(self.headers)


class InvalidRequest(Problem):
    """The request's path, query, header or body does not have the documented form.

    `errors` lists each place and what is wrong there.
    """

    status = 422
    title = Text("The request does not have the documented form", "请求格式不符合文档")


class MalformedRequest(Problem):
    """The request is not well-formed HTTP or JSON, so that nothing in it could be read."""

    status = 400
    title = Text("The request could not be read", "无法读取请求")


class Unauthorized(Problem):
    """No valid access token came with the request."""

    status = 401
    title = Text("Sign in first", "请先登录")
    detail = Text(
        "The request needs a valid access token for this service.",
        "该请求需要本服务的有效访问令牌。",
    )
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class Forbidden(Problem):
    """The caller is known, but may not do this."""

    status = 403
    title = Text("Not allowed", "没有权限")


class InsufficientScope(Forbidden):
    """The access token does not carry the scope this operation needs (RFC 6750, section 3.1)."""

    title = Text("The access token lacks a scope", "访问令牌缺少所需的权限范围")
    detail = Text("This operation needs the scope {scope}.", "此操作需要权限范围 {scope}。")

    def response_headers(self) -> dict[str, str]:
        scope = self.extensions["scope"]
        return {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}


class NotFound(Problem):
    """There is nothing at this address that the caller may see."""

    status = 404
    title = Text("Not found", "未找到")


class MethodNotAllowed(Problem):
    """This address exists, but not for this method; Allow names those that it has."""

    status = 405
    title = Text("Method not allowed", "不支持该方法")


class Conflict(Problem):
    """The request contradicts the present state."""

    status = 409
    title = Text("Conflict with the present state", "与当前状态冲突")


class IdempotencyConflict(Conflict):
    """The idempotency key was used before with another content; nothing was changed."""

    title = Text("The key was used with other content", "该幂等键已用于其他内容")
    detail = Text(
        "The same key came earlier with another content. Nothing was changed.",
        "同一幂等键此前已用于不同内容，本次未作任何更改。",
    )


class PayloadTooLarge(Problem):
    """The body is larger than this operation accepts."""

    status = 413
    title = Text("The body is too large", "请求体过大")
    detail = Text("At most {limit} bytes are accepted here.", "此处最多接受 {limit} 字节。")


class UnsupportedMediaType(Problem):
    """The body's media type is not the documented one."""

    status = 415
    title = Text("Unsupported media type", "不支持的媒体类型")


class TooManyRequests(Problem):
    """The caller sent more requests than allowed; Retry-After says when to come back."""

    status = 429
    title = Text("Too many requests", "请求过多")
    detail = Text("Try again in {retry_after} s.", "请在 {retry_after} 秒后重试。")

    def response_headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.extensions["retry_after"])}


class InternalError(Problem):
    """Something failed that should not have; the request id finds it in the log."""

    status = 500
    title = Text("An unexpected error", "意外错误")
    detail = Text("The failure was recorded under the request id.", "故障已按请求编号记录。")


class Unavailable(Problem):
    """A store this operation needs cannot be reached now; nothing was changed, try again."""

    status = 503
    title = Text("Temporarily unavailable", "暂时不可用")
    detail = Text("Nothing was changed. Try again shortly.", "未作任何更改，请稍后重试。")
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}
