"""Activities, their definitions and interactions (Data 2.4.4.1)."""

from typing import Final

from libs.common.languages import Text
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.findings import ACTIVITY, refuse
from services.creditbank.xapi.validation.shapes import (
    a_language_map,
    a_list,
    a_text,
    an_iri,
    an_object,
    extensions,
    unknown,
)

INTERACTIONS: Final = (
    "true-false",
    "choice",
    "fill-in",
    "long-fill-in",
    "matching",
    "performance",
    "sequencing",
    "likert",
    "numeric",
    "other",
)
COMPONENTS: Final = frozenset({"choices", "scale", "source", "target", "steps"})
_LANGUAGE_MAPS: Final = frozenset({"name", "description"})
_TYPE: Final = Text("must be Activity", "必须是 Activity")
_INTERACTION: Final = Text(
    f"must be one of {', '.join(INTERACTIONS)}", f"必须是以下之一：{'、'.join(INTERACTIONS)}"
)
_NOT_INTERACTIVE: Final = Text(
    "is required, since the definition describes an interaction", "定义描述了交互，因此必填"
)
_DISTINCT: Final = Text("must not be the id of another component of the list", "同一列表中的 id 不得重复")


def check_activity(value: object, at: str) -> None:
    """An activity by its IRI, with a definition or without."""
    activity = an_object(value, at, ACTIVITY)
    for name, item in activity.items():
        if name == "id":
            an_iri(item, f"{at}.id", ACTIVITY)
        elif name == "definition":
            check_definition(item, f"{at}.definition")
        elif name == "objectType":
            if item != "Activity":
                refuse(f"{at}.objectType", ACTIVITY, _TYPE)
        else:
            unknown(name, at, ACTIVITY)
    if "id" not in activity:
        refuse(f"{at}.id", ACTIVITY, findings.REQUIRED)


def check_definition(value: object, at: str) -> None:
    """An activity's metadata; what describes an interaction needs its type."""
    definition = an_object(value, at, ACTIVITY)
    interactive = False
    for name, item in definition.items():
        if name in _LANGUAGE_MAPS:
            a_language_map(item, f"{at}.{name}", ACTIVITY)
        elif name == "type" or name == "moreInfo":
            an_iri(item, f"{at}.{name}", ACTIVITY)
        elif name == "extensions":
            extensions(item, f"{at}.extensions")
        elif name == "interactionType":
            if item not in INTERACTIONS:
                refuse(f"{at}.interactionType", ACTIVITY, _INTERACTION)
        elif name == "correctResponsesPattern":
            interactive = True
            for number, pattern in enumerate(a_list(item, f"{at}.{name}", ACTIVITY)):
                a_text(pattern, f"{at}.{name}[{number}]", ACTIVITY)
        elif name in COMPONENTS:
            interactive = True
            _check_components(item, f"{at}.{name}")
        else:
            unknown(name, at, ACTIVITY)
    if interactive and "interactionType" not in definition:
        refuse(f"{at}.interactionType", ACTIVITY, _NOT_INTERACTIVE)


def _check_components(value: object, at: str) -> None:
    """A list of interaction components, whose ids are distinct."""
    seen = set[str]()
    for number, item in enumerate(a_list(value, at, ACTIVITY)):
        here = f"{at}[{number}]"
        component = an_object(item, here, ACTIVITY)
        for name, part in component.items():
            if name == "id":
                identifier = a_text(part, f"{here}.id", ACTIVITY)
                if identifier in seen:
                    refuse(f"{here}.id", ACTIVITY, _DISTINCT)
                seen.add(identifier)
            elif name == "description":
                a_language_map(part, f"{here}.description", ACTIVITY)
            else:
                unknown(name, here, ACTIVITY)
        if "id" not in component:
            refuse(f"{here}.id", ACTIVITY, findings.REQUIRED)
