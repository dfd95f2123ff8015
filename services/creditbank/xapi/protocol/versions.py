"""The version of xAPI a request is judged by, as the layers around the routes have found it."""

from typing import Final

from fastapi import Request
from starlette.types import Scope

from services.creditbank.xapi.protocol.rules import NEWEST, VERSIONS, Version

__all__ = ["NEWEST", "VERSIONS", "Version", "header_of", "is_record_store", "version_of"]

HEADER: Final = b"x-experience-api-version"
#: where the layers leave the version in a request's scope, and its name for the answer's header
SCOPE: Final = "xuebu.xapi.version"
ANSWERED: Final = "xuebu.xapi.answered"
PREFIX: Final = "/xapi/"


def version_of(request: Request) -> Version:
    """The version this request is judged by; only routes below /xapi/ have one."""
    version: Version = request.scope[SCOPE]
    return version


def is_record_store(scope: Scope) -> bool:
    """Whether a request is for the learning record store."""
    path: str = scope.get("path", "")
    return scope["type"] == "http" and path.startswith(PREFIX)


def header_of(scope: Scope, name: bytes) -> str | None:
    """The one value of a header; of several, none."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0].decode("latin-1") if len(found) == 1 else None
