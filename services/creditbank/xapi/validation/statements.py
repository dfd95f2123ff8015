"""Whole statements and substatements, in both versions (Data 2.0).

Properties nobody defined are refused in both versions; nulls are, except inside extensions.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from libs.common.languages import Text
from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.activities import check_activity
from services.creditbank.xapi.validation.agents import check_actor, check_authority
from services.creditbank.xapi.validation.contexts import check_context
from services.creditbank.xapi.validation.findings import OBJECT, OBJECT_STATEMENT, STATEMENT, VERB, refuse
from services.creditbank.xapi.validation.references import check_reference
from services.creditbank.xapi.validation.results import check_attachments, check_result
from services.creditbank.xapi.validation.shapes import (
    a_language_map,
    a_moment,
    a_text,
    a_uuid,
    an_iri,
    an_object,
    unknown,
)

VOIDED: Final = "http://adlnet.gov/expapi/verbs/voided"
_OBJECTS: Final = ("Activity", "Agent", "Group", "StatementRef", "SubStatement")
#: what only the statement itself has, not a substatement
_OF_STATEMENT: Final = frozenset({"id", "stored", "authority", "version"})
_VERSIONS: Final = {
    "1.0.3": re.compile(r"1\.0(?:\.\d+)?", re.ASCII),
    "2.0.0": re.compile(r"[12]\.0(?:\.\d+)?", re.ASCII),
}

_TYPE: Final = Text(f"must be one of {', '.join(_OBJECTS)}", f"必须是以下之一：{'、'.join(_OBJECTS)}")
_NESTED: Final = Text("a substatement must not contain another", "子语句不得再包含子语句")
_OF_WHOLE: Final = Text("must not stand in a substatement", "子语句中不得出现该属性")
_VOIDS: Final = Text(
    "must be a StatementRef, since the verb voids a statement", "动词为作废语句，因此对象必须是 StatementRef"
)
_VERSION: Final = Text("must be a version of xAPI this request may have", "必须是本请求可用的 xAPI 版本")


def check_statement(value: object, version: Version) -> Mapping[str, Any]:
    """The statement itself, if nothing is wrong with it; else raises `Invalid` for the first thing found."""
    statement = an_object(value, "", STATEMENT)
    _check(statement, "", version)
    return statement


def _check(statement: Mapping[str, Any], prefix: str, version: Version) -> None:
    """`prefix` is empty for a statement, and where a substatement stands with its dot."""
    kind = _check_needed(statement, prefix)
    for name, value in statement.items():
        at = prefix + name
        if name == "actor":
            check_actor(value, at)
        elif name == "verb":
            check_verb(value, at)
        elif name == "object":
            _check_object(value, at, kind, version, nested=bool(prefix))
        elif name == "context":
            check_context(value, at, version, of_activity=kind == "Activity")
        elif name == "result":
            check_result(value, at)
        elif name == "timestamp":
            a_moment(value, at, findings.TIMESTAMP, version)
        elif name == "attachments":
            check_attachments(value, at)
        elif prefix:
            if name in _OF_STATEMENT:
                refuse(at, OBJECT_STATEMENT, _OF_WHOLE)
            if name != "objectType":
                unknown(name, prefix[:-1], OBJECT_STATEMENT)
        elif name == "id":
            a_uuid(value, at, findings.ID)
        else:
            check_assigned(name, value, version)
    if statement["verb"]["id"] == VOIDED and kind != "StatementRef":
        refuse(f"{prefix}object.objectType", findings.VOIDING, _VOIDS)


def _check_needed(statement: Mapping[str, Any], prefix: str) -> str:
    """Actor, verb and object are there; returns what kind of thing the object says it is."""
    for name in ("actor", "verb", "object"):
        if name not in statement:
            refuse(prefix + name, STATEMENT, findings.REQUIRED)
    kind = an_object(statement["object"], f"{prefix}object", OBJECT).get("objectType", "Activity")
    if type(kind) is not str or kind not in _OBJECTS:
        refuse(f"{prefix}object.objectType", OBJECT, _TYPE)
    return kind


def check_verb(value: object, at: str) -> None:
    """A verb by its IRI, with what it is called or without."""
    verb = an_object(value, at, VERB)
    for name, item in verb.items():
        if name == "id":
            an_iri(item, f"{at}.id", VERB)
        elif name == "display":
            a_language_map(item, f"{at}.display", VERB)
        else:
            unknown(name, at, VERB)
    if "id" not in verb:
        refuse(f"{at}.id", VERB, findings.REQUIRED)


def _check_object(value: Any, at: str, kind: str, version: Version, *, nested: bool) -> None:
    if kind == "Activity":
        check_activity(value, at)
    elif kind == "StatementRef":
        check_reference(value, at)
    elif kind == "SubStatement":
        if nested:
            refuse(f"{at}.objectType", OBJECT_STATEMENT, _NESTED)
        _check(value, f"{at}.", version)
    else:
        check_actor(value, at, findings.OBJECT_AGENT)


def check_assigned(name: str, value: object, version: Version) -> None:
    """What the store itself sets: checked when it is sent, whether it is kept or not."""
    if name == "version":
        if _VERSIONS[version].fullmatch(a_text(value, name, findings.VERSION)) is None:
            refuse(name, findings.VERSION, _VERSION)
    elif name == "authority":
        check_authority(value, name)
    elif name == "stored":
        a_moment(value, name, findings.STORED, version)
    else:
        unknown(name, "", STATEMENT)
