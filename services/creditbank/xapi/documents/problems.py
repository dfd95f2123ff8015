"""What documents that have changed are answered with."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Problem


class DocumentPreconditionFailed(Problem):
    """The document is another one than If-Match or If-None-Match says; nothing was changed."""

    status = 412
    title = Text("The document has changed", "文档已变更")
    detail = Text(
        "Fetch the document and repeat the request with its present ETag.",
        "请重新获取文档，并使用当前的 ETag 重试。",
    )


class DocumentPreconditionMissing(Conflict):
    """There is such a document already, and the request does not say that it knows; nothing was changed."""

    title = Text("There is such a document already", "文档已存在")
    detail = Text(
        "Check the present document, then repeat with If-Match and its ETag.",
        "请先查看当前文档，再以 If-Match 携带其 ETag 重试。",
    )
