"""Who may call: most of this service is for signed-in people, about what is theirs."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from libs.common.identity import Caller, require
from libs.common.languages import Text
from libs.common.problems import Forbidden


class PersonsOnly(Forbidden):
    """This address answers about the person who calls; a machine client has no space of its own."""

    title = Text("For signed-in people only", "仅限已登录的个人")
    detail = Text(
        "Sign in as a person; a client's token does not serve here.",
        "请以个人身份登录，此处不接受机构客户端的令牌。",
    )


class _Person(require):
    """The id of the signed-in person who calls with `scope`."""

    async def __call__(self, request: Request) -> UUID:  # type: ignore[override]
        caller = await super().__call__(request)
        if not caller.is_person:
            raise PersonsOnly
        return caller.subject


#: the person who reads
Reader = Annotated[UUID, Depends(_Person("spaces.read"))]
#: the person who writes
Writer = Annotated[UUID, Depends(_Person("spaces.write"))]
#: a person or a client that reads
Observer = Annotated[Caller, Depends(require("spaces.read"))]
