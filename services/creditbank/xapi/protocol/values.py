"""Values of query parameters as the resources need them; each raises XapiRequestInvalid for others."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from libs.common.languages import Text
from services.creditbank.xapi.protocol.parameters import CLAUSE
from services.creditbank.xapi.protocol.problems import XapiRequestInvalid
from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.validation import agents, findings, formats
from services.creditbank.xapi.validation.reading import NotJson, read_json

_NOT_JSON: Final = Text("must be JSON, with each name once", "必须是 JSON，且每个名称只出现一次")
_EMPTY: Final = Text("must not be empty", "不能为空")


def agent_in(given: Mapping[str, str], version: Version, name: str = "agent") -> dict[str, Any]:
    """The agent (no group) in a parameter."""
    try:
        value = read_json(given[name].encode())
    except NotJson:
        raise XapiRequestInvalid(path=name, clause=CLAUSE, reason=_NOT_JSON) from None
    return checked_agent(value, name, version)


def checked_agent(value: object, name: str, version: Version) -> dict[str, Any]:
    """The value itself, if it is an agent."""
    try:
        agents.check_agent(value, name)
    except findings.Invalid as wrong:
        clause = wrong.clause.of(version)
        raise XapiRequestInvalid(path=wrong.path, clause=clause, reason=wrong.reason) from None
    assert isinstance(value, dict), "has been checked"
    return value


def iri_in(given: Mapping[str, str], version: Version, name: str = "activityId") -> str:
    """The IRI in a parameter."""
    if formats.is_iri(given[name]) is None:
        raise _wrong(name, findings.IRI, findings.NOT_AN_IRI, version)
    return given[name]


def uuid_in(given: Mapping[str, str], version: Version, name: str = "registration") -> UUID | None:
    """The UUID in a parameter, if there is one."""
    if name not in given:
        return None
    if formats.is_uuid(given[name]) is None:
        raise _wrong(name, findings.UUID, findings.NOT_A_UUID, version)
    return UUID(given[name])


def moment_in(given: Mapping[str, str], version: Version, name: str = "since") -> datetime | None:
    """The time in a parameter, if there is one."""
    if name not in given:
        return None
    found = formats.moment(given[name], version)
    if found is None:
        raise _wrong(name, findings.TIME, findings.NOT_A_TIME, version)
    return found


def name_in(given: Mapping[str, str], name: str) -> str:
    """The name of a document in a parameter."""
    if not given[name]:
        raise XapiRequestInvalid(path=name, clause=CLAUSE, reason=_EMPTY)
    return given[name]


def _wrong(name: str, clause: findings.Clause, reason: Text, version: Version) -> XapiRequestInvalid:
    return XapiRequestInvalid(path=name, clause=clause.of(version), reason=reason)
