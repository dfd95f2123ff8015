"""The token endpoint's grants: codes, refresh tokens, machines for themselves; nothing else gives a token.

A code or refresh token is used up by one conditional update, and its tokens are signed before that is
committed: whatever breaks on the way, either nothing has happened or the old one is worth nothing any more.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, NoReturn
from uuid import UUID

from libs.common.database import Database
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.authorization import service as authorization
from services.auth.authorization.deciding import acr_of
from services.auth.authorization.rules import MEANING
from services.auth.clients import service as clients
from services.auth.clients.rules import GRANT_TYPES, MACHINE_AUDIENCES, redirect_allowed
from services.auth.clients.service import Client
from services.auth.families import service as families
from services.auth.families.service import Family, Turn
from services.auth.people import service as people
from services.auth.sql import Where
from services.auth.tokens.minting import Issued, Mint
from services.auth.tokens.rules import OPENID, Form, TokenRefused, granted, narrowed
from services.auth.userinfo import service as userinfo

__all__ = ["Grants", "Issued", "Mint"]

_REFUSED: Final = "The grant is unknown, used up, too old, or of another client."


def actor_of(client: Client) -> Actor:
    """The client as the audit names it."""
    return Actor("client", client.id, client.organisation_id)


@dataclass(frozen=True, slots=True)
class Grants:
    """What grants need. `audiences` are the names under which a client's assertion may address us."""

    database: Database
    finder: clients.ClientFinder
    mint: Mint
    audiences: Collection[str]

    async def issue(self, form: Form, authorization: str | None, network: str) -> Issued:
        """Tokens for what the form grants; raises TokenRefused and ClientRefused."""
        grant_type = form.required("grant_type")
        grant = _GRANTS.get(grant_type)
        if grant is None:
            raise TokenRefused("unsupported_grant_type", f"The grant types here are {', '.join(_GRANTS)}.")
        client = await self.authenticate(form, authorization, network)
        if grant_type not in GRANT_TYPES[client.kind]:
            raise TokenRefused("unauthorized_client", "This grant type is not for this kind of client.")
        return await grant(self, client, form)

    async def authenticate(self, form: Form, authorization: str | None, network: str) -> Client:
        """The client that sent the form; raises ClientRefused."""
        return await clients.authenticate(
            self.finder,
            self.database.pool,
            authorization,
            form.values,
            audiences=self.audiences,
            now=datetime.now(UTC),
            network=network,
        )


async def _client_credentials(grants: Grants, client: Client, form: Form) -> Issued:
    scopes, audiences = granted(client.scopes, form.scopes, form.resources, MACHINE_AUDIENCES)
    return grants.mint.for_client(client, scopes, audiences)


async def _authorization_code(grants: Grants, client: Client, form: Form) -> Issued:
    code, redirect_uri = form.required("code"), form.required("redirect_uri")
    async with grants.database.transaction() as session:
        try:
            redeemed = await authorization.redeem(
                session,
                client,
                code=code,
                redirect_uri=redirect_uri,
                verifier=form.values.get("code_verifier"),
                now=datetime.now(UTC),
            )
        except authorization.CodeReplayed as replayed:
            await _end_replayed(session, client, replayed.family_id, "code")
        except authorization.CodeRefused:
            raise TokenRefused("invalid_grant", _REFUSED) from None
        else:
            if not redirect_allowed(client.kind, client.redirect_uris, redirect_uri):
                raise TokenRefused("invalid_grant", _REFUSED)  # taken from the client meanwhile
            family = Family(
                id=redeemed.family_id,
                client_id=client.id,
                person_id=redeemed.person_id,
                session_id=redeemed.session_id,
                scopes=redeemed.scopes,
                audiences=redeemed.audiences,
                claims=redeemed.claims,
                authenticated_at=redeemed.authenticated_at,
                methods=redeemed.methods,
            )
            turn = await families.start(session, family)
            issued = await _tokens(grants.mint, session, client, turn, form, nonce=redeemed.nonce)
            await remember(
                session,
                actor_of(client),
                "tokens.granted",
                organisation=client.organisation_id,
                subject=family.person_id,
                family=family.id,
                session=family.session_id,
                scopes=sorted(family.scopes),
            )
            return issued
    raise TokenRefused("invalid_grant", _REFUSED)


async def _refresh_token(grants: Grants, client: Client, form: Form) -> Issued:
    refresh_token, scopes = form.required("refresh_token"), form.scopes
    pool = grants.database.pool
    try:
        async with pool.acquire() as connection, connection.transaction():
            turn = await families.turn(
                connection, refresh_token, client.id, scopes=scopes, audiences=form.resources or None
            )
            return await _tokens(grants.mint, connection, client, turn, form, nonce=None)
    except families.RefreshReplayed as replayed:
        async with grants.database.transaction() as session:
            await _end_replayed(session, client, replayed.family, "refresh_token")
        _refuse(replayed)
    except (families.RefreshRefused, families.ScopeNotGranted, families.AudienceNotGranted) as refused:
        _refuse(refused)


def _refuse(refused: Exception) -> NoReturn:
    if isinstance(refused, families.ScopeNotGranted):
        raise TokenRefused("invalid_scope", "The scope goes beyond what was granted.") from None
    if isinstance(refused, families.AudienceNotGranted):
        raise TokenRefused("invalid_target", "The resource was not part of what was granted.") from None
    raise TokenRefused("invalid_grant", _REFUSED) from None


async def _tokens(
    mint: Mint, where: Where, client: Client, turn: Turn, form: Form, *, nonce: str | None
) -> Issued:
    """Access, refresh and, with openid, ID token of a turn; raises TokenRefused, having used nothing up."""
    family = turn.family
    if client.needs_consent and not await authorization.may_decide(where, family.person_id):
        raise TokenRefused("invalid_grant", _REFUSED)  # a child whose guardian's consent is gone
    scopes, audiences = narrowed(
        family.scopes, family.audiences, client.scopes, form.scopes, form.resources, MEANING
    )
    role = await people.active_role(where, family.session_id)
    issued = mint.for_family(client, turn, scopes, audiences, role)
    id_token = None
    if OPENID in scopes:
        about = await userinfo.for_id_token(where, family.person_id, client.id, family.scopes, family.claims)
        id_token = mint.id_token(
            client, turn, issued.access_token, acr=acr_of(family.methods), nonce=nonce, about=about
        )
    return replace(issued, refresh_token=turn.refresh_token, id_token=id_token)


async def _end_replayed(session: Where, client: Client, family: UUID, what: str) -> None:
    """What was used before came again: somebody else has it, and perhaps the tokens as well."""
    person = await families.end(session, family, "replayed")
    if person is not None:
        await remember(
            session,
            actor_of(client),
            "tokens.replayed",
            organisation=client.organisation_id,
            subject=person,
            family=family,
            what=what,
        )


_GRANTS: Final[Mapping[str, Callable[[Grants, Client, Form], Awaitable[Issued]]]] = {
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
    "client_credentials": _client_credentials,
}
