"""Documents in an export: what a line says of one, and how it is told again."""

import base64
import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.creditbank.times import moment
from services.creditbank.xapi.documents.rules import etag_of
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.validation.formats import is_iri

#: resources by kinds of documents
RESOURCES: Final = {"state": "activities/state", "agent": "agents/profile"}
_KINDS: Final = {resource: kind for kind, resource in RESOURCES.items()}
#: as long as an address may be
_LONGEST: Final = 65_536
_LONGEST_TYPE: Final = 500
_LAST_OF_HEADERS: Final = "\xff"


class NotADocument(ValueError):
    """The line is not in the documented form; the text is the member that is not."""


class Document(NamedTuple):
    """A document of an organisation elsewhere, in the order of the columns that keep it."""

    key: bytes
    organisation: UUID
    kind: str
    agent: str
    activity: str | None
    registration: UUID | None
    id: str
    content_type: str
    content: bytes
    etag: str
    modified_at: datetime


def is_about(line: Mapping[str, Any], agents: Collection[str]) -> bool:
    """Whether it is activity state, or the profile, of one of these agents."""
    try:
        return line["resource"] in _KINDS and agent_key(line["agent"]) in agents
    except (KeyError, TypeError, AttributeError):
        return False


def read_document(line: Mapping[str, Any]) -> Document:
    """The document of a line that is about somebody; raises NotADocument."""
    kind, agent = _KINDS[line["resource"]], agent_key(line["agent"])
    assert agent is not None, "it is about somebody"
    organisation = _uuid(line, "organisation")
    activity = registration = None
    if kind == "state":
        activity = _text(line, "activity", _LONGEST)
        if is_iri(activity) is None:
            raise NotADocument("activity")
        registration = None if line.get("registration") is None else _uuid(line, "registration")
    name, content_type = _text(line, "id", _LONGEST), _text(line, "content_type", _LONGEST_TYPE)
    if "/" not in content_type or not content_type.isprintable() or max(content_type) > _LAST_OF_HEADERS:
        raise NotADocument("content_type")
    try:
        content = base64.b64decode(line["content"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise NotADocument("content") from None
    try:
        modified_at = moment(line["modified_at"])
    except (KeyError, TypeError, ValueError):
        raise NotADocument("modified_at") from None
    named = [str(organisation), kind, agent, activity, registration and str(registration), name]
    key = hashlib.sha256(json.dumps(named).encode()).digest()
    return Document(
        *(key, organisation, kind, agent, activity, registration, name),
        *(content_type, content, etag_of(content), modified_at),
    )


def _text(line: Mapping[str, Any], member: str, longest: int) -> str:
    value = line.get(member)
    if not isinstance(value, str) or not 0 < len(value) <= longest or "\0" in value:
        raise NotADocument(member)
    return value


def _uuid(line: Mapping[str, Any], member: str) -> UUID:
    try:
        return UUID(_text(line, member, 36))
    except ValueError:
        raise NotADocument(member) from None
