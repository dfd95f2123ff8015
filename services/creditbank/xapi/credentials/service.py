"""Credentials for tools that know nothing but a user name and a password, given out by an organisation."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.institutions import service as institutions
from services.creditbank.tables import Connection, Pool
from services.creditbank.xapi.credentials import repository
from services.creditbank.xapi.credentials.problems import NotInChargeOfCredentials, TooManyCredentials
from services.creditbank.xapi.credentials.rules import ISSUING

MOST_WORKING: Final = 500


def digest_of(password: str) -> bytes:
    """How a password is kept: one round is enough, since it is 256 random bits that nobody chose."""
    return hashlib.sha256(password.encode()).digest()


async def issue(
    database: Database,
    caller: Caller,
    organisation: UUID,
    *,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
) -> tuple[bytes, str]:
    """A credential as JSON, and its password, which is told this once.

    Raises NotFound, NotInChargeOfCredentials, TooManyCredentials.
    """
    await _require_charge(database.pool, caller, organisation)
    credential, password = new_id(), secrets.token_urlsafe(32)
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        if not await repository.held_still(connection, organisation):
            raise NotFound
        if await repository.count_working(connection, organisation) >= MOST_WORKING:
            raise TooManyCredentials(most=MOST_WORKING)
        await repository.add(
            connection,
            credential,
            organisation=organisation,
            name=name,
            username=secrets.token_hex(8),
            digest=digest_of(password),
            scopes=sorted(set(scopes)),
            expires_at=expires_at,
        )
        await repository.write_down(connection, new_id(), credential, "issued", caller.subject)
        return await repository.shown(connection, credential), password


async def revoke(database: Database, caller: Caller, credential: UUID) -> bytes:
    """End a credential; a second time changes nothing. Raises NotFound, NotInChargeOfCredentials."""
    organisation = await repository.organisation_of(database.pool, credential)
    if organisation is None:
        raise NotFound
    await _require_charge(database.pool, caller, organisation)
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        if await repository.revoke(connection, credential):
            await repository.write_down(connection, new_id(), credential, "revoked", caller.subject)
        return await repository.shown(connection, credential)


async def listed(
    pool: Pool, caller: Caller, organisation: UUID, before: UUID | None, limit: int
) -> list[tuple[bytes, UUID]]:
    """An organisation's credentials, those that ended too; raises NotFound, NotInChargeOfCredentials."""
    await _require_charge(pool, caller, organisation)
    return await repository.page(pool, organisation, before, limit)


async def _require_charge(pool: Pool, caller: Caller, organisation: UUID) -> None:
    if await institutions.holds_role_above(pool, organisation, caller, ISSUING):
        return
    if await institutions.may_oversee(pool, organisation, caller):
        raise NotInChargeOfCredentials
    raise NotFound
