"""Profiles of files that institutions store themselves, in versions."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import Forbidden, NotFound
from services.creditbank.deposits.problems import InstitutionUnknown
from services.creditbank.files.rules import PROFILES, Profile
from services.creditbank.institutions import service as institutions
from services.creditbank.profiles import repository
from services.creditbank.profiles.documents import ProfileDocument
from services.creditbank.profiles.problems import ProfileReserved, TooManyProfiles
from services.creditbank.profiles.rules import KEEPING, MOST_VERSIONS
from services.creditbank.tables import Connection, Pool, Where


async def store(
    database: Database, caller: Caller, institution: UUID, code: str, document: ProfileDocument
) -> bytes:
    """Keep a further version; the same as the newest is that one. Raises InstitutionUnknown, Forbidden."""
    if not await institutions.may_oversee(database.pool, institution, caller):
        raise InstitutionUnknown
    await _refuse_onlookers(database.pool, caller, institution)
    if code in PROFILES:
        raise ProfileReserved(profiles=", ".join(PROFILES))
    said = document.model_dump_json().encode()
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        await repository.alone(connection, institution)
        kept = await repository.same(connection, institution, code, said)
        if kept is None:
            if await repository.count(connection, institution) >= MOST_VERSIONS:
                raise TooManyProfiles(limit=MOST_VERSIONS)
            kept = new_id()
            await repository.add(connection, kept, institution, code, said, caller.subject)
        return await repository.shown(connection, kept)


async def _refuse_onlookers(pool: Pool, caller: Caller, institution: UUID) -> None:
    """Auditors see profiles, but keep none."""
    if caller.is_person and not await institutions.holds_role_above(pool, institution, caller, KEEPING):
        raise Forbidden


async def _own(pool: Pool, caller: Caller, profile: UUID) -> UUID:
    """The institution of a profile the caller may see; raises NotFound."""
    institution = await repository.institution_of(pool, profile)
    if institution is None or not await institutions.may_oversee(pool, institution, caller):
        raise NotFound
    return institution


async def read(pool: Pool, caller: Caller, profile: UUID) -> bytes:
    """One version, for those who may see its institution's files."""
    await _own(pool, caller, profile)
    return await repository.shown(pool, profile)


async def page(
    pool: Pool, caller: Caller, institution: UUID, code: str | None, before: UUID | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The institution's profiles; raises NotFound for whom they are no business of."""
    if not await institutions.may_oversee(pool, institution, caller):
        raise NotFound
    return await repository.page(pool, institution, code, before, limit)


async def withdraw(pool: Pool, caller: Caller, profile: UUID) -> bytes:
    """Let no new file be read by this version; files under way are read to their end."""
    await _refuse_onlookers(pool, caller, await _own(pool, caller, profile))
    await repository.withdraw(pool, profile, caller.subject)
    return await repository.shown(pool, profile)


async def find(where: Where, institution: UUID, code: str) -> tuple[UUID, Profile] | None:
    """The stored profile of a name: the institution's own, or that of the nearest one above that has it."""
    row = await repository.find(where, institution, code)
    return None if row is None else (row["id"], _profile(row))


async def by_id(where: Where, profile: UUID) -> Profile:
    """The very version a file was sent with."""
    row = await repository.document(where, profile)
    assert row is not None, "none is ever removed"
    return _profile(row)


def _profile(row: asyncpg.Record) -> Profile:
    return ProfileDocument.model_validate_json(row["document"]).profile(row["code"])
