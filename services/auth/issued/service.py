"""Tokens that were issued: telling whether one is good (RFC 7662), and taking one back (RFC 7009)."""

from typing import Any, Final
from uuid import UUID

from libs.common.batching import Batch
from libs.common.database import Database
from libs.common.tokens import Claims
from services.auth.audit.service import remember
from services.auth.clients.service import Client
from services.auth.families import service as families
from services.auth.issued import repository
from services.auth.issued.repository import AccessToken
from services.auth.issued.rules import may_inspect
from services.auth.revocations import service as revocations
from services.auth.tokens.reading import Reader
from services.auth.tokens.service import actor_of

INACTIVE: Final[dict[str, Any]] = {"active": False}


class IssuedTokens:
    """The tokens of one issuer."""

    def __init__(self, database: Database, reader: Reader, *, issuer: str) -> None:
        self._database, self._reader, self._issuer = database, reader, issuer
        self._good = Batch[AccessToken, tuple[str | None]](
            lambda tokens: repository.of_access_tokens(database.pool, tokens)
        )

    async def stop(self) -> None:
        await self._good.stop()

    async def introspect(self, client: Client, token: str) -> dict[str, Any]:
        """What is true of a token now, for a client that may know; `{"active": false}` for all the rest."""
        claims = self._reader.read(token)
        if claims is None:
            return await self._of_refresh_token(client, token)
        if not may_inspect(
            client.client_id,
            is_service=client.organisation_id is None,
            scopes=client.scopes,
            token_client_id=claims.client_id,
        ):
            return INACTIVE
        asked = AccessToken(
            token=claims.token_id,
            family=claims.members.get("family"),
            session=claims.session,
            subject=UUID(claims.subject),
            client=claims.client_id,
            issued_at=claims.issued_at,
        )
        good = await self._good.answer(asked)
        if good is None:
            return INACTIVE
        (username,) = good
        known = {"username": username} if username is not None else {}
        return {"active": True, "token_type": "Bearer", **claims.members, **known}

    async def _of_refresh_token(self, client: Client, token: str) -> dict[str, Any]:
        row = await repository.of_refresh_token(self._database.pool, families.digest_of(token), client.id)
        if row is None:
            return INACTIVE
        return {
            "active": True,
            "iss": self._issuer,
            "sub": str(row["person_id"]),
            "username": row["username"],
            "client_id": client.client_id,
            "scope": " ".join(sorted(row["scopes"])),
            "aud": list(row["audiences"]),
            "sid": str(row["session_id"]),
            "iat": row["issued_at"],
            "exp": row["expires_at"],
        }

    async def revoke(self, client: Client, token: str) -> None:
        """Take a client's own token back: an access token alone, a refresh token with its whole family.

        Whatever is not a token of this client is left alone, without a word.
        """
        claims = self._reader.read(token)
        if claims is not None:
            if claims.client_id == client.client_id:
                await self._revoke_access_token(client, claims)
            return
        async with self._database.transaction() as session:
            family = await families.find(session, token, client.id)
            person = await families.end(session, family, "revoked") if family else None
            if person is not None:
                await remember(
                    session,
                    actor_of(client),
                    "tokens.revoked",
                    organisation=client.organisation_id,
                    subject=person,
                    family=family,
                )

    async def _revoke_access_token(self, client: Client, claims: Claims) -> None:
        async with self._database.transaction() as session:
            if await revocations.is_revoked(session, claims):
                return
            await revocations.revoke(session, "token", claims.token_id)
            await remember(
                session,
                actor_of(client),
                "tokens.revoked",
                organisation=client.organisation_id,
                subject=UUID(claims.subject) if claims.session else None,
                token=claims.token_id,
            )
