"""Who calls creditbank."""

from typing import Annotated

from fastapi import Depends

from libs.common.identity import Caller, require
from libs.common.languages import Text
from libs.common.problems import Forbidden, InsufficientScope

READ = "credits.read"
WRITE = "credits.write"
POST = "credits.post"
MOVE = "credits.move"


class PersonNeeded(Forbidden):
    """This is about the person signed in; a machine client has no account of its own."""

    title = Text("Only a person has this", "仅适用于个人")


async def _learner(caller: Annotated[Caller, Depends(require(READ))]) -> Caller:
    if not caller.is_person:
        raise PersonNeeded
    return caller


async def _actor(caller: Annotated[Caller, Depends(require(WRITE))]) -> Caller:
    if not caller.is_person:
        raise PersonNeeded
    return caller


async def _corrector(caller: Annotated[Caller, Depends(require())]) -> Caller:
    if POST not in caller.scopes and not (caller.is_person and WRITE in caller.scopes):
        raise InsufficientScope(scope=WRITE if caller.is_person else POST)
    return caller


async def _reader(caller: Annotated[Caller, Depends(require())]) -> Caller:
    """Who may post for an institution may also read what it posted."""
    if READ not in caller.scopes and POST not in caller.scopes:
        raise InsufficientScope(scope=READ)
    return caller


#: a person reading what is their own
Learner = Annotated[Caller, Depends(_learner)]
#: a person who asks or decides; what they may is decided by their roles in the bank's own data
Actor = Annotated[Caller, Depends(_actor)]
#: anybody who may read or post; what they may see is decided by institution
Reader = Annotated[Caller, Depends(_reader)]
#: a client that may post, or a person who decides for an institution; which ones is decided by their roles
Corrector = Annotated[Caller, Depends(_corrector)]
#: another bank node; which one is told by its client
Node = Annotated[Caller, Depends(require(MOVE))]
#: a client that may post
Poster = Annotated[Caller, Depends(require(POST))]
