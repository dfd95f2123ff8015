"""What a statement can be found by: who, what, about what, and what else it names (part three, 2.1.3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.statements.keys import Kind, key, registration_key
from services.creditbank.xapi.validation.statements import VOIDED

Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facets:
    """Keys of a valid statement; `mentions` those of members, and of what only the broad filters ask for."""

    verb: str
    actor: str | None
    object: str | None
    registration: str | None
    target: UUID | None
    voiding: bool
    mentions: tuple[str, ...]


def facets(statement: Part, organisation: str) -> Facets:
    """The keys of a valid statement within an organisation (its id in hexadecimal digits)."""
    actor, thing = statement["actor"], statement["object"]
    kind = thing.get("objectType", "Activity")
    mentions: set[str] = set()
    acting = agent_key(actor)
    if "member" in actor:
        mentions.update(_members(actor, organisation, "member"))
    about: str | None = None
    target: UUID | None = None
    if kind == "Activity":
        about = key(organisation, "activity", thing["id"])
    elif kind == "StatementRef":
        target = UUID(thing["id"])
    elif kind == "SubStatement":
        mentions.update(_related(thing, organisation))
    else:
        named = agent_key(thing)
        about = key(organisation, "agent", named) if named else None
        mentions.update(_members(thing, organisation, "member"))
    context = statement.get("context")
    registration = None
    if context:
        mentions.update(_of_context(context, organisation))
        registration = context.get("registration")
    verb = statement["verb"]["id"]
    return Facets(
        verb=key(organisation, "verb", verb),
        actor=key(organisation, "agent", acting) if acting else None,
        object=about,
        registration=registration_key(organisation, registration) if registration else None,
        target=target,
        voiding=verb == VOIDED,
        mentions=tuple(mentions),
    )


def authority_keys(authority: Part, authority_key: str, organisation: str) -> tuple[str, tuple[str, ...]]:
    """The key of who vouches, and of the members of a pair."""
    named = agent_key(authority)
    if named is not None:
        return key(organisation, "agent", named), ()
    members = tuple(_members(authority, organisation, "related agent"))
    return key(organisation, "authority", authority_key), members


def _related(statement: Part, organisation: str) -> Iterator[str]:
    """Everything in a substatement, which only the broad filters look into."""
    yield from _agent(statement["actor"], organisation)
    thing = statement["object"]
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        yield key(organisation, "related activity", thing["id"])
    elif kind != "StatementRef":
        yield from _agent(thing, organisation)
    if "context" in statement:
        yield from _of_context(statement["context"], organisation)


def _of_context(context: Part, organisation: str) -> Iterator[str]:
    for name in ("instructor", "team"):
        if name in context:
            yield from _agent(context[name], organisation)
    for item in context.get("contextAgents", ()):
        yield from _agent(item["agent"], organisation)
    for item in context.get("contextGroups", ()):
        yield from _agent(item["group"], organisation)
    for activities in context.get("contextActivities", {}).values():
        for activity in activities if isinstance(activities, list) else (activities,):
            yield key(organisation, "related activity", activity["id"])


def _agent(agent: Part, organisation: str) -> Iterator[str]:
    named = agent_key(agent)
    if named is not None:
        yield key(organisation, "related agent", named)
    yield from _members(agent, organisation, "related agent")


def _members(group: Part, organisation: str, kind: Kind) -> Iterator[str]:
    for member in group.get("member", ()):
        named = agent_key(member)
        if named is not None:
            yield key(organisation, kind, named)
