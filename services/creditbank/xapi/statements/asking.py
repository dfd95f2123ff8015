"""Requests that ask for statements: their parameters read and judged (part three, 2.1.3)."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from libs.common.languages import Text
from services.creditbank.xapi.protocol.doors import Door
from services.creditbank.xapi.protocol.problems import XapiRequestInvalid
from services.creditbank.xapi.protocol.rules import Version, agent_key
from services.creditbank.xapi.statements.cursors import Cursor
from services.creditbank.xapi.statements.filters import Filters, Limits
from services.creditbank.xapi.statements.keys import key, registration_key
from services.creditbank.xapi.statements.preparing import Voucher
from services.creditbank.xapi.statements.service import MOST_STATEMENTS
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.agents import check_identified
from services.creditbank.xapi.validation.findings import Invalid
from services.creditbank.xapi.validation.formats import is_iri, is_uuid, moment
from services.creditbank.xapi.validation.reading import NotJson, read_json

CLAUSE: Final = "xAPI 1.0.3 Communication 2.1.3"
MORE: Final = "more"
PARAMETERS: Final = (
    "statementId",
    "voidedStatementId",
    "agent",
    "verb",
    "activity",
    "registration",
    "related_activities",
    "related_agents",
    "since",
    "until",
    "limit",
    "format",
    "attachments",
    "ascending",
    MORE,
)
FORMATS: Final = ("exact", "ids", "canonical")
_BESIDE_ONE: Final = frozenset({"statementId", "voidedStatementId", "format", "attachments"})

NO_LINK: Final = Text("is no link that was given out here", "不是本服务给出的链接")
_ALONE: Final = Text(
    "goes only with attachments and format, not with other parameters",
    "只能与 attachments 和 format 同时使用",
)
_MORE_ALONE: Final = Text("goes with no other parameter", "不得与其他参数同时使用")
_BOOLEAN: Final = Text("must be true or false", "必须是 true 或 false")
_FORMAT: Final = Text("must be exact, ids or canonical", "必须是 exact、ids 或 canonical")
_COUNT: Final = Text("must be a whole number that is not negative", "必须是非负整数")
_AGENT: Final = Text(
    "must be the JSON of an agent or an identified group", "必须是 Agent 或有标识的 Group 的 JSON"
)
#: a time a position can be made of
_LATEST_MILLISECONDS: Final = 1 << 42


@dataclass(frozen=True, slots=True)
class Single:
    """Who asks for one statement by its id."""

    id: UUID
    voided: bool
    format: str
    attachments: bool


def single(values: dict[str, str]) -> Single | None:
    """The one statement that is asked for, if it is one; raises XapiRequestInvalid."""
    named = [name for name in ("statementId", "voidedStatementId") if name in values]
    if not named:
        return None
    if len(named) > 1 or not values.keys() <= _BESIDE_ONE:
        raise _invalid(named[0], _ALONE)
    text = values[named[0]]
    if is_uuid(text) is None:
        raise _invalid(named[0], findings.NOT_A_UUID)
    form, attachments = presentation(values)
    return Single(UUID(text), named[0] == "voidedStatementId", form, attachments)


def several(values: dict[str, str], version: Version, organisation: UUID) -> Cursor:
    """The first page of what is asked for; raises XapiRequestInvalid."""
    owner = organisation.hex
    agent: dict[str, Any] = {}
    if "agent" in values:
        named = agent_key(_agent(values["agent"], version))
        assert named is not None, "an identified agent has a key"
        agent = {"agent": key(owner, "agent", named), "member": key(owner, "member", named)}
        if _flag(values, "related_agents"):
            agent["related_agent"] = key(owner, "related agent", named)
    else:
        _flag(values, "related_agents")
    activity: dict[str, Any] = {}
    broadly = _flag(values, "related_activities")
    if "activity" in values:
        named = _iri(values, "activity")
        activity["activity"] = key(owner, "activity", named)
        if broadly:
            activity["related_activity"] = key(owner, "related activity", named)
    filters = Filters(
        **agent,
        **activity,
        verb=key(owner, "verb", _iri(values, "verb")) if "verb" in values else None,
        registration=registration_key(owner, _uuid(values, "registration"))
        if "registration" in values
        else None,
        since=_milliseconds(values, "since", version),
        until=_milliseconds(values, "until", version),
        ascending=_flag(values, "ascending"),
        limit=_limit(values),
    )
    form, attachments = presentation(values)
    return Cursor(filters, -1, form, attachments)


def require_more_alone(values: dict[str, str]) -> None:
    """A link to further statements says everything by itself."""
    if len(values) > 1:
        raise _invalid(MORE, _MORE_ALONE)


def presentation(values: dict[str, str]) -> tuple[str, bool]:
    """The format, and whether contents of attachments are wanted."""
    form = values.get("format", "exact")
    if form not in FORMATS:
        raise _invalid("format", _FORMAT)
    return form, _flag(values, "attachments")


def limits_of(door: Door, voucher: Voucher) -> Limits:
    """What a door lets see: everything, or what its authority vouches for and what its own agent did."""
    if "statements/read" in door.permissions:
        return Limits()
    own = key(door.organisation.hex, "agent", door.own) if door.own is not None else None
    return Limits(authority=voucher.key, actor=own)


def _agent(text: str, version: Version) -> dict[str, Any]:
    try:
        value = read_json(text.encode())
        check_identified(value, "agent")
    except (NotJson, UnicodeEncodeError):
        raise _invalid("agent", _AGENT) from None
    except Invalid as error:
        raise XapiRequestInvalid(
            path=error.path, clause=error.clause.of(version), reason=error.reason
        ) from None
    found: dict[str, Any] = value
    return found


def _iri(values: dict[str, str], name: str) -> str:
    if is_iri(values[name]) is None:
        raise _invalid(name, findings.NOT_AN_IRI)
    return values[name]


def _uuid(values: dict[str, str], name: str) -> str:
    if is_uuid(values[name]) is None:
        raise _invalid(name, findings.NOT_A_UUID)
    return values[name]


def _flag(values: dict[str, str], name: str) -> bool:
    text = values.get(name, "false")
    if text not in ("true", "false"):
        raise _invalid(name, _BOOLEAN)
    return text == "true"


def _limit(values: dict[str, str]) -> int:
    """How many are wanted at most; 0, as nothing, means as many as there may be."""
    text = values.get("limit", "0")
    if not (text.isascii() and text.isdigit()):
        raise _invalid("limit", _COUNT)
    wanted = int(text[-19:]) if len(text) < 19 else MOST_STATEMENTS
    return min(wanted, MOST_STATEMENTS) or MOST_STATEMENTS


def _milliseconds(values: dict[str, str], name: str, version: Version) -> int | None:
    if name not in values:
        return None
    when = moment(values[name], version)
    if when is None:
        raise _invalid(name, findings.NOT_A_TIME)
    found = int(when.timestamp() * 1000 // 1)
    return max(0, min(found, _LATEST_MILLISECONDS))


def _invalid(path: str, reason: Text) -> XapiRequestInvalid:
    return XapiRequestInvalid(path=path, clause=CLAUSE, reason=reason)
