"""What a statement can be found by: who, what, about what, and what else it names (part three, 2.1.3)."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.statements.keys import Kind, key, registration_key
from services.creditbank.xapi.validation.statements import VOIDED

Part = Mapping[str, Any]


class Facets(NamedTuple):
    """Keys of a valid statement, by which it is found."""

    verb: str
    actor: str | None
    object: str | None
    registration: str | None
    target: UUID | None
    voiding: bool


def facets(statement: Part, organisation: str) -> tuple[Facets, tuple[str, ...]]:
    """The keys of a valid statement within an organisation (its id in hexadecimal digits), and its mentions:
    the keys of members, and of what only the broad filters ask for.
    """
    thing = statement["object"]
    kind = thing.get("objectType", "Activity")
    _, acting, members = of_agent(statement["actor"], organisation)
    mentions = set(members)
    about: str | None = None
    target: UUID | None = None
    if kind == "Activity":
        about = key(organisation, "activity", thing["id"])
    elif kind == "StatementRef":
        target = UUID(thing["id"])
    elif kind == "SubStatement":
        mentions.update(_related(thing, organisation))
    else:
        _, about, members = of_agent(thing, organisation)
        mentions.update(members)
    context = statement.get("context")
    registration = None
    if context:
        mentions.update(of_context(context, organisation))
        registration = context.get("registration")
    verb = statement["verb"]["id"]
    found = Facets(
        verb=key(organisation, "verb", verb),
        actor=acting,
        object=about,
        registration=registration_key(organisation, registration) if registration else None,
        target=target,
        voiding=verb == VOIDED,
    )
    return found, tuple(mentions)


def of_agent(agent: Part, organisation: str) -> tuple[str | None, str | None, tuple[str, ...]]:
    """An agent or group that acts or is the object: what names it, its key, and the keys of its members."""
    named = agent_key(agent)
    members = tuple(_members(agent, organisation, "member")) if "member" in agent else ()
    return named, key(organisation, "agent", named) if named else None, members


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
        yield from of_context(statement["context"], organisation)


def of_context(context: Part, organisation: str) -> Iterator[str]:
    """The keys of everybody and everything that a context names."""
    for name in ("instructor", "team"):
        if name in context:
            yield from _agent(context[name], organisation)
    for item in context.get("contextAgents", ()):
        yield from _agent(item["agent"], organisation)
    for item in context.get("contextGroups", ()):
        yield from _agent(item["group"], organisation)
    for activity in related(context):
        yield key(organisation, "related activity", activity["id"])


def related(context: Part) -> Iterator[Part]:
    """The activities of a context."""
    for activities in context.get("contextActivities", {}).values():
        yield from activities if isinstance(activities, list) else (activities,)


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
