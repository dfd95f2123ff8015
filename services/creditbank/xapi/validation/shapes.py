"""Checks that several parts of a statement share. Each raises `Invalid` at the path it is given."""

from collections.abc import Mapping
from typing import Any, Final

from libs.common.languages import Text
from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.findings import Clause, refuse
from services.creditbank.xapi.validation.formats import is_iri, is_known_iri, is_language, is_uuid, moment

_LANGUAGE_NEEDED: Final = Text(
    "every key must be a language tag (RFC 5646)", "每个键必须是语言标签（RFC 5646）"
)
_EXTENSION_NEEDED: Final = Text("every key must be an IRI with a scheme", "每个键必须是带有方案名的 IRI")


def an_object(value: object, at: str, clause: Clause) -> Mapping[str, Any]:
    if type(value) is not dict:
        refuse(at, clause, findings.OBJECT_NEEDED)
    return value


def a_list(value: object, at: str, clause: Clause) -> list[Any]:
    if type(value) is not list:
        refuse(at, clause, findings.LIST_NEEDED)
    return value


def a_text(value: object, at: str, clause: Clause) -> str:
    if type(value) is not str:
        refuse(at, clause, findings.TEXT_NEEDED)
    return value


def an_iri(value: object, at: str, clause: Clause) -> str:
    if type(value) is not str:
        refuse(at, clause, findings.TEXT_NEEDED)
    if is_iri(value) is None:
        refuse(at, findings.IRI, findings.NOT_AN_IRI)
    return value


def a_uuid(value: object, at: str, clause: Clause) -> str:
    if type(value) is not str:
        refuse(at, clause, findings.TEXT_NEEDED)
    if is_uuid(value) is None:
        refuse(at, findings.UUID, findings.NOT_A_UUID)
    return value


def a_moment(value: object, at: str, clause: Clause, version: Version) -> None:
    if type(value) is not str:
        refuse(at, clause, findings.TEXT_NEEDED)
    if moment(value, version) is None:
        refuse(at, findings.TIME, findings.NOT_A_TIME)


def a_language_map(value: object, at: str, clause: Clause) -> None:
    """A map from language tags to texts (Data 4.2)."""
    if type(value) is not dict:
        refuse(at, clause, findings.OBJECT_NEEDED)
    for tag, text in value.items():
        if not is_language(tag):
            refuse(at, findings.LANGUAGE, _LANGUAGE_NEEDED)
        if type(text) is not str:
            refuse(f"{at}.{tag}", findings.LANGUAGE, findings.TEXT_NEEDED)


def extensions(value: object, at: str) -> None:
    """A map from IRIs to anything, null included (Data 4.1)."""
    if type(value) is not dict:
        refuse(at, findings.EXTENSIONS, findings.OBJECT_NEEDED)
    for key in value:
        if not is_known_iri(key):
            refuse(at, findings.EXTENSIONS, _EXTENSION_NEEDED)


def unknown(name: str, at: str, clause: Clause) -> None:
    """A property that nobody defined. Its name is told as far as it can be one."""
    shown = name if len(name) <= 100 and name.isprintable() else "…"
    refuse(f"{at}.{shown}" if at else shown, clause, findings.UNKNOWN)
