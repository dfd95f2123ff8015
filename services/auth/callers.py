"""From a verified access token to the actor that use cases know, and to what a request carries besides."""

from typing import Annotated

from fastapi import Depends, Request

from libs.common.identity import Caller, require
from libs.common.problems import Forbidden
from services.auth.actors import Actor
from services.auth.clients.service import find


def actor_of(caller: Caller) -> Actor:
    """The actor a caller is."""
    return Actor(
        kind="person" if caller.is_person else "client",
        id=caller.subject,
        organisation=caller.organisation,
        session=caller.session,
    )


async def _account(caller: Annotated[Caller, Depends(require("account"))]) -> Actor:
    if not caller.is_person:
        raise Forbidden
    return actor_of(caller)


async def _in_person(request: Request, caller: Annotated[Caller, Depends(require("account"))]) -> Actor:
    actor = await _account(caller)
    client = await find(request.app.state.clients, caller.client_id or "")
    if client is None or client.needs_consent:
        raise Forbidden
    return actor


async def _manager(caller: Annotated[Caller, Depends(require("organisations.manage"))]) -> Actor:
    if not caller.is_person:
        raise Forbidden
    return actor_of(caller)


async def _reader(caller: Annotated[Caller, Depends(require("people.read"))]) -> Actor:
    return actor_of(caller)


def network_of(request: Request) -> str:
    """The address a request comes from, for hot routes: a dependency would cost 10 microseconds."""
    return request.client.host if request.client else "unknown"


async def _network(request: Request) -> str:
    return network_of(request)


#: a signed-in person, who reads about the own account
AccountHolder = Annotated[Actor, Depends(_account)]
#: the same in an application of the platform: for whatever changes something about the account or the family
AccountHolderInPerson = Annotated[Actor, Depends(_in_person)]
#: a signed-in person who manages; what exactly, the roles decide
Manager = Annotated[Actor, Depends(_manager)]
#: a person or an institution's client that reads people and classes
Reader = Annotated[Actor, Depends(_reader)]
#: the address a request comes from; a proxy's word counts only where the settings trust that proxy
Network = Annotated[str, Depends(_network)]
