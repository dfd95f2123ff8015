"""The activities resource (xAPI 1.0.3, part three, 2.5)."""

from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Request, Response

from libs.common.database import DatabaseOf
from services.creditbank.xapi.activities import service
from services.creditbank.xapi.activities.schemas import Activity
from services.creditbank.xapi.protocol.doors import Door, permit
from services.creditbank.xapi.protocol.parameters import described, parameters
from services.creditbank.xapi.protocol.values import iri_in
from services.creditbank.xapi.protocol.versions import version_of

router: Final = APIRouter(tags=["xapi"])
Reading = Annotated[
    Door,
    Depends(permit("statements/read", "statements/read/mine", "state/read", "profile/read", "define")),
]


@router.get(
    "/xapi/activities",
    summary="The whole description of an activity",
    response_model=Activity,
    openapi_extra=described(required=("activityId",)),
)
async def read_activity(request: Request, door: Reading, database: DatabaseOf) -> Response:
    """As the organisation's statements have defined it together; one that nobody defined has its id alone."""
    given = parameters(request, required=("activityId",))
    activity = iri_in(given, version_of(request))
    found = await service.definitions(database.pool, door.organisation, [activity])
    document: dict[str, Any] = {"objectType": "Activity", "id": activity}
    if activity in found:
        document["definition"] = orjson.Fragment(found[activity])
    return Response(orjson.dumps(document), media_type="application/json")
