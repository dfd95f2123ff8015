"""What a request to one of the three document resources says."""

from dataclasses import dataclass
from typing import Final

from fastapi import Request

from libs.common.languages import Text
from services.creditbank.xapi.documents.rules import (
    UNKNOWN_TYPE,
    Conditions,
    Kind,
    NotJson,
    Target,
    is_json,
    tags_in,
    value_in,
)
from services.creditbank.xapi.documents.service import Writing
from services.creditbank.xapi.protocol.doors import Door
from services.creditbank.xapi.protocol.parameters import CLAUSE, parameters
from services.creditbank.xapi.protocol.problems import NotOwnRecord, XapiRequestInvalid
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.protocol.values import agent_in, iri_in, name_in, uuid_in
from services.creditbank.xapi.protocol.versions import version_of

_NOT_JSON: Final = Text("must be JSON, as Content-Type says", "必须是 JSON，与 Content-Type 一致")
_TYPE: Final = Text("is not a media type", "不是有效的媒体类型")
_LONGEST_TYPE: Final = 500


@dataclass(frozen=True, slots=True)
class Resource:
    """One of the three: what its documents belong to, and what their ids are called."""

    path: str
    kind: Kind
    identifier: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


STATE: Final = Resource(
    "/xapi/activities/state", "state", "stateId", ("activityId", "agent"), ("registration",)
)
ACTIVITY_PROFILE: Final = Resource("/xapi/activities/profile", "activity", "profileId", ("activityId",))
AGENT_PROFILE: Final = Resource("/xapi/agents/profile", "agent", "profileId", ("agent",))


def target_of(
    resource: Resource, request: Request, door: Door, *more: str, writes: bool, single: bool
) -> tuple[Target, dict[str, str]]:
    """Which documents are meant, and all parameters; `single` demands the document's id, `more` is known too.

    Raises XapiRequestInvalid, and NotOwnRecord where the door does not open to what is meant.
    """
    known = (*resource.optional, *more, *(() if single else (resource.identifier,)))
    required = (*resource.required, *((resource.identifier,) if single else ()))
    given = parameters(request, *known, required=required)
    version = version_of(request)
    agent = agent_key(agent_in(given, version)) if "agent" in required else None
    if agent is not None:
        door.require_own(agent)
    elif writes and door.own is not None:  # what others see too
        raise NotOwnRecord
    target = Target(
        organisation=door.organisation,
        kind=resource.kind,
        activity=iri_in(given, version) if "activityId" in required else None,
        agent=agent,
        registration=uuid_in(given, version),
        document=name_in(given, resource.identifier) if resource.identifier in given else None,
    )
    return target, given


def conditions_of(request: Request) -> Conditions:
    """What If-Match and If-None-Match say."""
    headers = request.headers
    return Conditions(tags_in(headers.get("if-match")), tags_in(headers.get("if-none-match")))


async def written(request: Request) -> Writing:
    """The document in a request; raises XapiRequestInvalid for one that is not what it says it is (3.2)."""
    content = await request.body()
    content_type = request.headers.get("content-type", UNKNOWN_TYPE)
    if len(content_type) > _LONGEST_TYPE or "/" not in content_type or not content_type.isprintable():
        raise XapiRequestInvalid(path="Content-Type", clause=CLAUSE, reason=_TYPE)
    if is_json(content_type):
        try:
            value_in(content)
        except NotJson:
            raise XapiRequestInvalid(path="body", clause=CLAUSE, reason=_NOT_JSON) from None
    return Writing(request.method, version_of(request), conditions_of(request), content_type, content)
