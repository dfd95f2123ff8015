"""Answering a client: a code, or an error, at the address that was proved to be its own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import orjson

from libs.common.database import Database
from libs.common.tokens import KeyTable
from services.auth.actors import SYSTEM
from services.auth.audit.rules import Action
from services.auth.audit.service import remember
from services.auth.authorization import repository
from services.auth.authorization.codes import CODE_LIFE, new_code
from services.auth.authorization.counting import Counts
from services.auth.authorization.rules import Asked, AuthorizationRefused, NotAnswerable, answer_address
from services.auth.clients.service import Client, ClientFinder
from services.auth.sessions.service import Session

# Ordinary answers to a client that only wanted to know; the audit is for what should not have been asked.
_ORDINARY: Final = frozenset(
    {"login_required", "consent_required", "interaction_required", "account_selection_required"}
)
# When a request began that does not wait yet: nobody can have signed in for it.
NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Server:
    """What of the running service the use cases need."""

    database: Database
    finder: ClientFinder
    keys: KeyTable
    issuer: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits for its person: what it asks, and whose client it is."""

    id: UUID
    client: Client
    asked: Asked
    begun_at: datetime
    selected: UUID | None


async def grant(
    server: Server, waiting: Pending, who: Session, now: datetime, *, consenting: bool = False
) -> str:
    """Issue a code, and in the same transaction let the request wait no longer and keep the consent."""
    asked, client = waiting.asked, waiting.client
    code, digest = new_code()
    async with server.database.transaction() as session:
        if waiting.begun_at != NEVER and not await repository.end_request(session, waiting.id):
            raise NotAnswerable("over")
        if client.needs_consent and not consenting:  # withdrawn meanwhile, or locked until we are done
            allowed = await repository.allowed_scopes(session, who.person, client.id, lock=True)
            if not asked.disclosed <= allowed:
                raise NotAnswerable("over")
        issued = await repository.issue(
            session,
            digest,
            client.id,
            who.id,
            asked.redirect_uri,
            asked.code_challenge,
            asked.scopes,
            asked.audiences,
            asked.nonce,
            orjson.dumps(asked.claims).decode() if asked.claims else None,
            now,
            now + CODE_LIFE,
        )
        if not issued:
            raise NotAnswerable("over")
        if consenting:
            await repository.allow(session, who.person, client.id, sorted(asked.disclosed))
        action: Action = "application.allowed" if consenting else "application.signed_in"
        shown = sorted(asked.disclosed)
        await remember(session, who.actor, action, subject=who.person, client=client.id, scopes=shown)
    return answer_address(asked.redirect_uri, code=code, state=asked.state, iss=server.issuer)


async def give_up(
    server: Server, waiting: Pending, refused: AuthorizationRefused, who: Session | None = None
) -> str:
    """End a waiting request with an error for its client."""
    async with server.database.transaction() as session:
        if not await repository.end_request(session, waiting.id):
            raise NotAnswerable("over")
        if refused.code == "access_denied" and who is not None:
            client = waiting.client.id
            await remember(session, who.actor, "application.refused", subject=who.person, client=client)
    asked = waiting.asked
    return await refuse(server, waiting.client, asked.redirect_uri, asked.state, refused)


async def refuse(
    server: Server, client: Client, redirect_uri: str, state: str | None, refused: AuthorizationRefused
) -> str:
    if refused.code not in _ORDINARY and refused.code != "access_denied":
        await remember_refusal(server, client, refused.code)
    return answer_address(
        redirect_uri, error=refused.code, error_description=refused.why, state=state, iss=server.issuer
    )


async def remember_refusal(server: Server, client: Client, why: str) -> None:
    if not await server.counts.is_worth_remembering(client.id):
        return
    async with server.database.transaction() as session:
        await remember(
            session,
            SYSTEM,
            "authorization.refused",
            organisation=client.organisation_id,
            client=client.id,
            why=why,
        )
