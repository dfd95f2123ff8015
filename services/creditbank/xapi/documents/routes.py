"""The three document resources: activity state, activity and agent profiles (part three, 2.2 to 2.7)."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from libs.common.database import DatabaseOf
from libs.common.problems import NotFound
from services.creditbank.xapi.documents import service
from services.creditbank.xapi.documents.reading import (
    ACTIVITY_PROFILE,
    AGENT_PROFILE,
    STATE,
    Resource,
    conditions_of,
    target_of,
    written,
)
from services.creditbank.xapi.documents.rules import Target, etag_of
from services.creditbank.xapi.documents.service import Writing
from services.creditbank.xapi.protocol.doors import Door, permit
from services.creditbank.xapi.protocol.parameters import described
from services.creditbank.xapi.protocol.rules import Permission
from services.creditbank.xapi.protocol.values import moment_in
from services.creditbank.xapi.protocol.versions import version_of
from services.creditbank.xapi.readings.service import Readings
from services.creditbank.xapi.statements.keys import key

router: Final = APIRouter(tags=["xapi"])
#: a stored document is somebody's data and no page of ours, whatever it says it is
_HARMLESS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def _account(request: Request, door: Door, target: Target) -> None:
    """For who asks who read their record; of activities' profiles nobody does."""
    if target.agent is not None and door.own is None:
        readings: Readings = request.app.state.readings
        subject = key(door.organisation.hex, "agent", target.agent)
        readings.count(door.organisation, subject, door.subject, "documents", 0)


def _add(resource: Resource, called: str, reads: Permission, writes: Permission) -> None:
    """The four methods of one resource, for whoever has these permissions."""

    async def read(
        request: Request, database: DatabaseOf, door: Annotated[Door, Depends(permit(reads))]
    ) -> Response:
        target, given = target_of(resource, request, door, "since", writes=False, single=False)
        _account(request, door, target)
        if target.document is None:
            since = moment_in(given, version_of(request))
            ids, modified = await service.listed(database.pool, target, since)
            return Response(ids, headers=_told(etag_of(ids), modified), media_type="application/json")
        found = await service.find(database.pool, target)
        if found is None:
            raise NotFound
        headers = {
            **_told(found["etag"], found["modified_at"]),
            **_HARMLESS,
            "Content-Type": found["content_type"],
        }
        seen = conditions_of(request).none_match
        if seen is not None and seen & {"*", found["etag"]}:
            return Response(status_code=304, headers=headers)
        return Response(found["content"], headers=headers)

    async def put(
        request: Request, database: DatabaseOf, door: Annotated[Door, Depends(permit(writes))]
    ) -> Response:
        target, _ = target_of(resource, request, door, writes=True, single=True)
        return _done(await service.put(database, target, await written(request)))

    async def post(
        request: Request, database: DatabaseOf, door: Annotated[Door, Depends(permit(writes))]
    ) -> Response:
        target, _ = target_of(resource, request, door, writes=True, single=True)
        return _done(await service.post(database, target, await written(request)))

    async def delete(
        request: Request, database: DatabaseOf, door: Annotated[Door, Depends(permit(writes))]
    ) -> Response:
        several = resource is STATE
        target, _ = target_of(resource, request, door, writes=True, single=not several)
        if target.document is None:
            await service.delete_all(database, target)
        else:
            given = Writing("DELETE", version_of(request), conditions_of(request))
            await service.delete(database, target, given)
        return Response(status_code=204)

    _register(resource, called, {"GET": read, "PUT": put, "POST": post, "DELETE": delete})


def _register(
    resource: Resource, called: str, handlers: dict[str, Callable[..., Awaitable[Response]]]
) -> None:
    """Routes with their descriptions."""
    name = resource.identifier
    single = described(*resource.optional, required=(*resource.required, name))
    several = described(*resource.optional, name, "since", required=resource.required)
    body = {"requestBody": {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
    extras = {
        "GET": several,
        "PUT": {**single, **body},
        "POST": {**single, **body},
        "DELETE": several if resource is STATE else single,
    }
    for method, handler in handlers.items():
        summary, description = _DESCRIPTIONS[method]
        router.add_api_route(
            resource.path,
            handler,
            methods=[method],
            status_code=200 if method == "GET" else 204,
            summary=summary.format(called),
            description=description,
            name=f"{method.lower()}_{resource.kind}_document",
            response_class=Response,
            openapi_extra=extras[method],
        )


_DESCRIPTIONS: Final = {
    "GET": (
        "A document of {}, or the ids of all",
        "With its ETag (the SHA-1 of the document, quoted) and Last-Modified.",
    ),
    "PUT": (
        "Store a document of {}",
        "In place of one that may be there, if If-Match and If-None-Match let it (part three, 3.1).",
    ),
    "POST": (
        "Merge into a document of {}",
        "Members of a JSON object replace those of the same names in the object that is there (2.2).",
    ),
    "DELETE": (
        "Delete a document of {}",
        "On the condition of If-Match. One that is not there is no failure.",
    ),
}


def _told(etag: str, modified: datetime | None) -> dict[str, str]:
    headers = {"ETag": f'"{etag}"'}
    if modified is not None:
        headers["Last-Modified"] = format_datetime(modified.astimezone(UTC), usegmt=True)
    return headers


def _done(etag: str) -> Response:
    return Response(status_code=204, headers={"ETag": f'"{etag}"'})


_add(STATE, "activity state", "state/read", "state")
_add(ACTIVITY_PROFILE, "an activity's profile", "profile/read", "profile")
_add(AGENT_PROFILE, "an agent's profile", "profile/read", "profile")
