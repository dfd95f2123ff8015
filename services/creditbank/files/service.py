"""Files of credits: taking one, seeing how far it is, and deciding on one that needs a second person."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import astuple, dataclass, replace
from hashlib import sha256
from uuid import UUID

import asyncpg

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.approvals import service as approvals
from services.creditbank.approvals.problems import AnotherMustDecide
from services.creditbank.deposits.problems import ClientOfInstitutionNeeded, InstitutionUnknown
from services.creditbank.files import repository
from services.creditbank.files.problems import (
    MakerIsNotChecker,
    NotAChecker,
    NothingToDecide,
    ProfileUnknown,
    TooManyPostingFiles,
)
from services.creditbank.files.rules import MOST_UNDER_WAY, PROFILES
from services.creditbank.institutions import service as institutions
from services.creditbank.profiles import service as profiles
from services.creditbank.tables import Connection, Pool

forget = repository.forget
items = repository.items
page = repository.page
#: who decides on what a client of the institution sent
CHECKERS = ("administrator", "registrar")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done with a file."""

    institution: UUID
    scheme: str
    profile: str
    encoding: str | None
    atomic: bool
    dry_run: bool
    suspends: bool
    needs_approval: bool
    stored_profile: UUID | None = None


async def _settled(pool: Pool, wish: Wish) -> Wish:
    """The wish with the version of the profile and the encoding the file is read by."""
    if wish.profile in PROFILES:
        return replace(wish, encoding=wish.encoding or PROFILES[wish.profile].encoding)
    found = await profiles.find(pool, wish.institution, wish.profile)
    if found is None:
        raise ProfileUnknown(profiles=", ".join(PROFILES))
    stored, profile = found
    return replace(wish, encoding=wish.encoding or profile.encoding, stored_profile=stored)


class _SameFile(Exception):
    """The same file is under way already."""


async def ask(
    database: Database, caller: Caller, wish: Wish, name: str, content: AsyncIterator[bytes]
) -> UUID:
    """Store an upload piece by piece and queue it; gives the file's id.

    While the same content with the same options is under way, it is that file that is named: a client that
    did not hear our answer sends again without a second effect.
    """
    if caller.organisation is None:
        raise ClientOfInstitutionNeeded
    if not await institutions.may_oversee(database.pool, wish.institution, caller):
        raise InstitutionUnknown
    wish = await _settled(database.pool, wish)
    file, digest, size = new_id(), sha256(repr(astuple(wish)).encode()), 0
    try:
        async with database.pool.acquire() as pooled, pooled.transaction():
            connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
            piece = 0
            async for part in content:
                digest.update(part)
                size += len(part)
                await repository.add_piece(connection, file, piece, part)
                piece += 1
            values = (file, wish.institution, caller.organisation, caller.subject, *astuple(wish)[1:])
            queued = await repository.insert(connection, *values, digest.digest(), name, size)
            if queued is None:
                raise _SameFile
            if await repository.count_under_way(connection, wish.institution) > MOST_UNDER_WAY:
                raise TooManyPostingFiles(limit=MOST_UNDER_WAY)
    except _SameFile:
        found = await repository.same(database.pool, wish.institution, digest.digest())
        if found is None:  # it ended just now
            raise NotFound from None
        return found
    return file


async def visible(pool: Pool, caller: Caller, file: UUID) -> asyncpg.Record:
    """The file, for clients of its institution's line and for those who oversee it; raises NotFound."""
    found = await repository.shown(pool, file)
    if found is None or not await institutions.may_oversee(pool, found["institution"], caller):
        raise NotFound
    return found


async def files_of(
    pool: Pool, caller: Caller, institution: UUID, before: UUID | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The institution's files, newest first; raises NotFound for whom that is no business of."""
    if not await institutions.may_oversee(pool, institution, caller):
        raise NotFound
    return await repository.page(pool, institution, before, limit)


async def decide(
    database: Database, caller: Caller, file: UUID, *, approves: bool, reason: str | None
) -> None:
    """A second one lets a judged file be posted, or rejects it for ever."""
    found = await visible(database.pool, caller, file)
    maker = await repository.maker(database.pool, file)
    await approvals.refuse_the_same_person(database.pool, caller, maker, problem=MakerIsNotChecker)
    if caller.is_person and not await institutions.holds_role_above(
        database.pool, found["institution"], caller, CHECKERS
    ):
        raise NotAChecker
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        if approves:
            mine = await approvals.books_beside(connection, caller.subject)
            if await repository.concerns(connection, file, mine):
                raise AnotherMustDecide
        state = "posting" if approves else "rejected"
        if not await repository.decide(connection, file, caller.subject, state, reason):
            raise NothingToDecide
