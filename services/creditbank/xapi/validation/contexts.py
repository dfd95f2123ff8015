"""A statement's context (Data 2.4.6) and the agents and groups version 2.0 adds to it."""

from collections.abc import Callable
from typing import Final

from libs.common.languages import Text
from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.activities import check_activity
from services.creditbank.xapi.validation.agents import check_actor, check_agent, check_group
from services.creditbank.xapi.validation.findings import CONTEXT, CONTEXT_ACTIVITIES, refuse
from services.creditbank.xapi.validation.formats import is_language
from services.creditbank.xapi.validation.references import check_reference
from services.creditbank.xapi.validation.shapes import (
    a_list,
    a_text,
    a_uuid,
    an_iri,
    an_object,
    extensions,
    unknown,
)

RELATIONS: Final = ("parent", "grouping", "category", "other")
_ACTIVITY_ONLY: Final = Text("may only be used if the object is an activity", "仅当对象为活动时才可使用")
_RELATION: Final = Text("must be an activity or a list of activities", "必须是活动或活动列表")
_EMPTY: Final = Text("must not be an empty list", "不得为空列表")


def check_context(value: object, at: str, version: Version, *, of_activity: bool) -> None:
    """A context; `of_activity` says whether the object of the statement it belongs to is an activity."""
    context = an_object(value, at, CONTEXT)
    for name, item in context.items():
        here = f"{at}.{name}"
        if name == "contextActivities":
            _check_activities(item, here)
        elif name == "extensions":
            extensions(item, here)
        elif name == "registration":
            a_uuid(item, here, CONTEXT)
        elif name == "instructor":
            check_actor(item, here, CONTEXT)
        elif name == "team":
            check_group(item, here)
        elif name == "revision" or name == "platform":
            a_text(item, here, CONTEXT)
            if not of_activity:
                refuse(here, CONTEXT, _ACTIVITY_ONLY)
        elif name == "language":
            if not is_language(a_text(item, here, CONTEXT)):
                refuse(here, findings.LANGUAGE, findings.NOT_A_LANGUAGE)
        elif name == "statement":
            check_reference(item, here, CONTEXT)
        elif name == "contextAgents" and version != "1.0.3":
            _check_relevant(item, here, "contextAgent", "agent", check_agent)
        elif name == "contextGroups" and version != "1.0.3":
            _check_relevant(item, here, "contextGroup", "group", check_group)
        else:
            unknown(name, at, CONTEXT)


def _check_activities(value: object, at: str) -> None:
    """Activities by how they relate to the statement: a list, or one alone as in version 0.95."""
    related = an_object(value, at, CONTEXT_ACTIVITIES)
    for name, item in related.items():
        if name not in RELATIONS:
            unknown(name, at, CONTEXT_ACTIVITIES)
        here = f"{at}.{name}"
        if type(item) is list:
            for number, activity in enumerate(item):
                check_activity(activity, f"{here}[{number}]")
        elif type(item) is dict:
            check_activity(item, here)
        else:
            refuse(here, CONTEXT_ACTIVITIES, _RELATION)


def _check_relevant(
    value: object, at: str, kind: str, member: str, check: Callable[[object, str], None]
) -> None:
    """Agents or groups together with the types that say what they are to the statement."""
    for number, item in enumerate(a_list(value, at, CONTEXT)):
        here = f"{at}[{number}]"
        relevant = an_object(item, here, CONTEXT)
        if relevant.get("objectType") != kind:
            refuse(f"{here}.objectType", CONTEXT, Text(f"must be {kind}", f"必须是 {kind}"))
        if member not in relevant:
            refuse(f"{here}.{member}", CONTEXT, findings.REQUIRED)
        for name, part in relevant.items():
            if name == member:
                check(part, f"{here}.{member}")
            elif name == "relevantTypes":
                types = a_list(part, f"{here}.relevantTypes", CONTEXT)
                if not types:
                    refuse(f"{here}.relevantTypes", CONTEXT, _EMPTY)
                for place, one in enumerate(types):
                    an_iri(one, f"{here}.relevantTypes[{place}]", CONTEXT)
            elif name != "objectType":
                unknown(name, here, CONTEXT)
