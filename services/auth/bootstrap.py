"""Setting up a platform: its root, the first administrator and the clients of its services."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.database import Database
from libs.common.fields import Key, Line
from services.auth.accounts import service as accounts
from services.auth.actors import SYSTEM
from services.auth.audit.service import remember
from services.auth.clients import service as clients
from services.auth.clients.rules import INSTITUTION_SCOPES, PLATFORM_SCOPES
from services.auth.organisations import service as organisations
from services.auth.organisations.rules import OrganisationType
from services.auth.passwords.service import Passwords
from services.auth.people import service as people

Scope = Literal["credits.post", "credits.read", "rosters.import", "people.read", "events.read"]
assert set(Scope.__args__) == INSTITUTION_SCOPES | PLATFORM_SCOPES  # type: ignore[attr-defined]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Root(_Document):
    """The root of the tree."""

    type: OrganisationType
    name: Line


class Administrator(_Document):
    """Who administers the root; the password follows the same rules as everybody's."""

    username: Line
    password: str
    given_name: Line
    family_name: Line


class ServiceClient(_Document):
    """A client set up by the operator; `organisation` is the root or none."""

    client_id: Key
    name: Line
    secret: Annotated[str, Field(min_length=32, max_length=200)]
    scopes: Annotated[list[Scope], Field(min_length=1)]
    organisation: Literal["root"] | None


class Platform(_Document):
    """What a platform begins with."""

    organisation: Root
    administrator: Administrator
    clients: list[ServiceClient]


async def prepare(database: Database, platform: Platform) -> UUID:
    """Make what is missing, bring clients up to date, leave people alone; the root's id. Safe to repeat."""
    passwords = Passwords(threads=1)
    try:
        async with database.transaction() as session:
            wish = platform.organisation
            root = await organisations.ensure_root(session, kind=wish.type, name=wish.name)
            await _ensure_administrator(session, passwords, root, platform.administrator)
            for client in platform.clients:
                await clients.ensure(
                    session,
                    client_id=client.client_id,
                    name=client.name,
                    secret=client.secret,
                    scopes=client.scopes,
                    organisation=root if client.organisation else None,
                )
            await remember(session, SYSTEM, "platform.bootstrapped", organisation=root)
        return root
    finally:
        passwords.stop()


async def _ensure_administrator(
    session: object, passwords: Passwords, root: UUID, administrator: Administrator
) -> None:
    if await accounts.person_of(session, administrator.username) is not None:
        return
    person = await people.create(
        session,
        SYSTEM,
        organisation=root,
        role="administrator",
        fields={"given_name": administrator.given_name, "family_name": administrator.family_name},
    )
    await accounts.ensure_account(session, passwords, person, administrator.username, administrator.password)
