"""What a credential opens: whose record store, in whose name, and what may be done there."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from fastapi import Request
from fastapi.openapi.models import HTTPBase
from fastapi.security.base import SecurityBase

from libs.common.identity import authorization_of
from services.creditbank.xapi.protocol.problems import NotOwnRecord, XapiPermissionMissing
from services.creditbank.xapi.protocol.rules import Permission


@dataclass(frozen=True, slots=True)
class Door:
    """One credential's way into one organisation's record store; nothing of another's can be seen through it.

    `authority` is the JSON of the agent (or of the group of two) that vouches for statements, `authority_key`
    the same for all credentials with the same authority. `own` is the key of the only agent that the caller
    may speak of, None for those who may speak of anybody.
    """

    organisation: UUID
    authority: bytes
    authority_key: str
    permissions: frozenset[str]
    subject: str
    own: str | None = field(default=None)

    def has(self, *permissions: Permission) -> bool:
        """Whether it has any of these."""
        return not self.permissions.isdisjoint(permissions)

    def require_own(self, key: str | None) -> None:
        """The agent of this key is one the caller may speak of; raises NotOwnRecord."""
        if self.own is not None and key != self.own:
            raise NotOwnRecord


class Doorkeeper(Protocol):
    """Who opens doors: `app.state.doorkeeper`."""

    async def open(self, authorization: str | None) -> Door:
        """The door of an Authorization header; raises Unauthorized, Forbidden, TooManyRequests."""
        ...


class permit(SecurityBase):  # noqa: N801  reads as a verb where it is used
    """The dependency that demands a door with any of these permissions; none demands any door."""

    def __init__(self, *permissions: Permission) -> None:
        self.permissions = permissions
        self.scheme_name = "xapi"
        self.model = HTTPBase(
            scheme="basic", description="A credential of the organisation; or a bearer token of auth."
        )

    async def __call__(self, request: Request) -> Door:
        keeper: Doorkeeper = request.app.state.doorkeeper
        door = await keeper.open(authorization_of(request.scope))
        if self.permissions and door.permissions.isdisjoint(self.permissions):
            raise XapiPermissionMissing(permissions=", ".join(self.permissions))
        return door
