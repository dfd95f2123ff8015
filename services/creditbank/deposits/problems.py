"""Expected failures of posting as a whole; what is wrong with one item is in its answer."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden, NotFound


class InstitutionUnknown(NotFound):
    """The institution named is not the caller's own or one below it, or the bank does not know it yet."""

    title = Text("No such institution", "没有该机构")
    detail = Text(
        "The institution is not yours, or the bank has not heard of it yet.",
        "该机构不属于您，或学分银行尚未获知该机构。",
    )


class SchemeUnknown(NotFound):
    """No scheme has this code; GET /v1/schemes lists them."""

    title = Text("No such scheme", "没有该学分体系")


class NotRegistered(Conflict):
    """The institution is closed, or its registration with the bank is suspended or withdrawn."""

    title = Text("The institution may not post", "该机构不能记入学分")


class ClientOfInstitutionNeeded(Forbidden):
    """Credits are posted by an institution's own client, never by a person or a bare service."""

    title = Text("Only an institution's client may post", "仅机构客户端可记入学分")


#: the reason of a refused call, as the preparing function names it
BY_REASON = {"unknown": InstitutionUnknown, "scheme_unknown": SchemeUnknown, "not_registered": NotRegistered}
