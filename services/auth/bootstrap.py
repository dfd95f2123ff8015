"""Setting up a platform: its root, the first administrator and the clients of its services."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from libs.common.database import Database
from libs.common.fields import Key, Line
from services.auth.accounts import service as accounts
from services.auth.actors import SYSTEM
from services.auth.audit.service import remember
from services.auth.clients import service as clients
from services.auth.clients.addresses import what_is_wrong
from services.auth.clients.rules import (
    CONFIDENTIAL,
    PLATFORM_SCOPES,
    USUAL_SIGNATURE,
    ClientKind,
    IdTokenAlgorithm,
    Wish,
    scopes_for,
)
from services.auth.clients.schemas import Addresses
from services.auth.organisations import service as organisations
from services.auth.organisations.rules import OrganisationType
from services.auth.passwords.service import Passwords
from services.auth.people import service as people


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
    kind: ClientKind = "machine"
    secret: Annotated[str, Field(min_length=32, max_length=200)] | None = None
    scopes: Annotated[list[Key], Field(min_length=1)]
    organisation: Literal["root"] | None
    redirect_uris: Addresses = []
    post_logout_redirect_uris: Addresses = []
    id_token_alg: IdTokenAlgorithm = USUAL_SIGNATURE
    needs_consent: bool = True

    @model_validator(mode="after")
    def fit_its_kind(self) -> Self:
        """Scopes, secret and addresses are those that clients of this kind have."""
        possible = scopes_for(self.kind) | (PLATFORM_SCOPES if self.kind == "machine" else frozenset())
        if not set(self.scopes) <= possible:
            raise ValueError("scopes that such a client cannot hold")
        if (self.secret is not None) != (self.kind in CONFIDENTIAL):
            raise ValueError("a secret is for machine and web clients, which need one")
        if bool(self.redirect_uris) == (self.kind == "machine"):
            raise ValueError("addresses are for all but machines, and these need one")
        for address in (*self.redirect_uris, *self.post_logout_redirect_uris):
            if what_is_wrong(self.kind, address, development=True) is not None:
                raise ValueError("an address that cannot be used")
        return self


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
                    secret=client.secret,
                    organisation=root if client.organisation else None,
                    wish=Wish.of(client.model_dump()),
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
