"""The agents resource (xAPI 1.0.3, part three, 2.4)."""

from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Request, Response

from services.creditbank.xapi.agents.rules import person_of
from services.creditbank.xapi.agents.schemas import Person
from services.creditbank.xapi.protocol.doors import Door, permit
from services.creditbank.xapi.protocol.parameters import described, parameters
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.protocol.values import agent_in
from services.creditbank.xapi.protocol.versions import version_of

router: Final = APIRouter(tags=["xapi"])
Reading = Annotated[
    Door,
    Depends(permit("statements/read", "statements/read/mine", "state/read", "profile/read", "define")),
]


@router.get(
    "/xapi/agents",
    summary="What is known of an agent, as a person",
    response_model=Person,
    openapi_extra=described(required=("agent",)),
)
async def read_person(request: Request, door: Reading) -> Response:
    """A Person object with what the agent in the request says of itself."""
    given = parameters(request, required=("agent",))
    agent = agent_in(given, version_of(request))
    door.require_own(agent_key(agent))
    return Response(orjson.dumps(person_of(agent)), media_type="application/json")
