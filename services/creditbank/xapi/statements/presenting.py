"""The formats `ids` and `canonical` of a stored statement (part three, 2.1.3)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from services.creditbank.xapi.statements.preparing import activities_of
from services.creditbank.xapi.statements.tongues import Chooser

#: lists of interaction components in a definition, whose descriptions are in languages
_COMPONENTS: Final = ("choices", "scale", "source", "target", "steps")
_IDENTIFYING: Final = ("objectType", "mbox", "mbox_sha1sum", "openid", "account")

Part = dict[str, Any]


def ids(statement: Part) -> Part:
    """Only what identifies agents, activities, verbs and groups; members where a group has no identifier."""
    _each(statement, verb=_verb_id, agent=_agent_id, activity=_activity_id)
    return statement


def canonical(statement: Part, definitions: Mapping[str, Part], choose: Chooser) -> Part:
    """Activities as they are known by now, and every map of languages with the one that suits best."""

    def verb(found: Part) -> Part:
        return {**found, "display": choose(found["display"])} if "display" in found else found

    def activity(found: Part) -> Part:
        definition = definitions.get(found["id"]) or found.get("definition")
        return {**found, "definition": _in_one_language(definition, choose)} if definition else found

    _each(statement, verb=verb, agent=lambda agent: agent, activity=activity)
    return statement


def activity_ids(statement: Part) -> Iterator[str]:
    """The ids of all activities whose definitions `canonical` asks for."""
    return (activity["id"] for activity in activities_of(statement))


def _each(
    statement: Part,
    verb: Callable[[Part], Part],
    agent: Callable[[Part], Part],
    activity: Callable[[Part], Part],
) -> None:
    """Put something else for each verb, agent or group, and activity, in a substatement too."""
    statement["verb"] = verb(statement["verb"])
    for name in ("actor", "authority"):
        if name in statement:
            statement[name] = agent(statement[name])
    thing = statement["object"]
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        statement["object"] = activity(thing)
    elif kind == "SubStatement":
        _each(thing, verb, agent, activity)
    elif kind != "StatementRef":
        statement["object"] = agent(thing)
    context = statement.get("context", {})
    for name in ("instructor", "team"):
        if name in context:
            context[name] = agent(context[name])
    for listed, member in (("contextAgents", "agent"), ("contextGroups", "group")):
        for one in context.get(listed, ()):
            one[member] = agent(one[member])
    related = context.get("contextActivities", {})
    for relation, activities in related.items():
        related[relation] = [activity(one) for one in activities]


def _verb_id(verb: Part) -> Part:
    return {"id": verb["id"]}


def _activity_id(activity: Part) -> Part:
    return {"id": activity["id"]}


def _agent_id(agent: Part) -> Part:
    found: Part = {name: agent[name] for name in _IDENTIFYING if name in agent}
    if "member" in agent and len(found) < 2:
        found["member"] = [_agent_id(member) for member in agent["member"]]
    return found


def _in_one_language(definition: Part, choose: Chooser) -> Part:
    found = dict(definition)
    for name in ("name", "description"):
        if name in found:
            found[name] = choose(found[name])
    for name in _COMPONENTS:
        if name in found:
            found[name] = [
                {**component, "description": choose(component["description"])}
                if "description" in component
                else component
                for component in found[name]
            ]
    return found
