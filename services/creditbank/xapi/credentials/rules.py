"""Basic credentials: how they are sent, and what a role lets a person do in a record store."""

import base64
import binascii
import json
from collections.abc import Collection
from typing import Final
from uuid import UUID

from services.creditbank.xapi.protocol.rules import expanded

ACTS: Final = ("issued", "revoked")
#: roles that see the whole record store of their organisation and of those below it
WRITING: Final = frozenset({"administrator", "registrar"})
READING: Final = frozenset({"auditor"})
#: who gives out credentials of an organisation, and takes them back
ISSUING: Final = ("administrator",)

_LONGEST: Final = 2000


def parted(encoded: str) -> tuple[str, str] | None:
    """User name and password of a Basic credential (RFC 7617); None where it is none."""
    if len(encoded) > _LONGEST:
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon and "\0" not in name else None


def permitted(scopes: Collection[str], roles: Collection[str]) -> tuple[frozenset[str], bool]:
    """The permissions of a person with these roles, and whether they are limited to the own record.

    A scope never gives more than the role: who does not look after the organisation reads what is their
    own, and changes no definitions that others see.
    """
    held = expanded(scope for scope in scopes if scope != "profile")  # which is OpenID Connect's there
    if WRITING & set(roles):
        return held, False
    if READING & set(roles):
        return held & expanded(["all/read"]), False
    return held - {"statements/read", "define"}, True


def agent(home: str, name: str, shown: str | None = None) -> dict[str, object]:
    """An agent known by an account."""
    found: dict[str, object] = {"objectType": "Agent"}
    if shown is not None:
        found["name"] = shown
    found["account"] = {"homePage": home, "name": name}
    return found


def authority_of_pair(home: str, client: str, person: UUID) -> bytes:
    """The authority of a person who acts by an application: a group of the two (part two, 2.4.9)."""
    members = [agent(home, client), agent(home, str(person))]
    return text({"objectType": "Group", "member": members})


def text(document: dict[str, object]) -> bytes:
    """JSON without needless spaces."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
