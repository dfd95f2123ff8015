"""The agents resource (xAPI 1.0.3, part three, 2.4)."""

from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Request, Response

from libs.common.database import DatabaseOf
from services.creditbank.xapi.agents.rules import person_of
from services.creditbank.xapi.agents.schemas import Person
from services.creditbank.xapi.persons import service as persons
from services.creditbank.xapi.persons.rules import identifier
from services.creditbank.xapi.protocol.doors import Door, permit
from services.creditbank.xapi.protocol.parameters import described, parameters
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.protocol.values import agent_in
from services.creditbank.xapi.protocol.versions import version_of
from services.creditbank.xapi.readings.service import Readings
from services.creditbank.xapi.statements import keys
from services.creditbank.xapi.statements import service as statements

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
async def read_person(request: Request, door: Reading, database: DatabaseOf) -> Response:
    """A Person object of the agent in the request.

    With `statements/read` also the names its newest statements give it, and everything else that names the
    same person, if that is one of the organisation.
    """
    given = parameters(request, required=("agent",))
    agent = agent_in(given, version_of(request))
    key = agent_key(agent)
    door.require_own(key)
    if key is None or not door.has("statements/read"):
        return Response(orjson.dumps(person_of(agent)), media_type="application/json")
    issuer = request.app.state.settings.issuer
    same = await persons.agents_with(database.pool, key, door.organisation, issuer)
    if door.own is None:
        readings: Readings = request.app.state.readings
        subject = keys.key(door.organisation.hex, "agent", key)
        readings.count(door.organisation, subject, door.subject, "agents", 0)
    names = await statements.names(database.pool, door.organisation, key)
    person = person_of(agent, names=names, identifiers=map(identifier, same))
    return Response(orjson.dumps(person), media_type="application/json")
