"""Use cases of roster imports: asking for one, following it, and doing it in a worker."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from typing import Any, BinaryIO
from uuid import UUID

from asyncpg import Connection, Record

from libs.common.database import Database
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.authority import service as authority
from services.auth.authority.problems import NotInCharge
from services.auth.authority.rules import Standing
from services.auth.organisations.problems import OrganisationClosed
from services.auth.rosters import repository
from services.auth.rosters.applying.load import Order, Outcome, load, plain
from services.auth.rosters.problems import TooManyImports
from services.auth.rosters.reading.findings import Findings
from services.auth.rosters.rules import ATTEMPTS, WAITING_LIMIT

PROGRESS_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Wish:
    """What an import is asked to do."""

    organisation: UUID
    source_name: str
    dry_run: bool
    allow_large_closure: bool
    file_name: str
    size_bytes: int


async def require_import_right(where: Any, actor: Actor, organisation: UUID) -> None:
    """An administrator in charge, or a client of the organisation or of one above it, may import.

    Raises NotFound for what the actor may not see, NotInCharge otherwise.
    """
    await _standing(where, actor, organisation)


async def _standing(where: Any, actor: Actor, organisation: UUID) -> Standing:
    standing = await authority.require_visible(where, actor, organisation)
    is_client_above = actor.kind == "client" and actor.organisation in standing.ancestors
    if not (standing.in_charge or is_client_above or actor.kind == "system"):
        raise NotInCharge
    return standing


async def ask(database: Database, actor: Actor, wish: Wish, content: AsyncIterator[bytes]) -> UUID:
    """Store an upload piece by piece and queue its import, in one transaction; gives the import's id."""
    standing = await _standing(database.pool, actor, wish.organisation)
    if standing.status == "closed":
        raise OrganisationClosed
    if await repository.count_waiting(database.pool, wish.organisation) >= WAITING_LIMIT:
        raise TooManyImports(limit=WAITING_LIMIT)
    import_id = new_id()
    async with database.pool.acquire() as connection, connection.transaction():
        await repository.insert(
            connection,
            import_id,
            *(wish.organisation, wish.source_name, actor.kind, actor.id, wish.dry_run),
            *(wish.allow_large_closure, wish.file_name, wish.size_bytes),
        )
        piece = 0
        async for part in content:
            await repository.add_piece(connection, import_id, piece, part)
            piece += 1
    return import_id


async def require_visible_import(where: Any, actor: Actor, import_id: UUID) -> None:
    """The actor may import for the import's organisation; raises NotFound or NotInCharge."""
    organisation = await repository.organisation_of(where, import_id)
    if organisation is None:
        raise NotFound
    await require_import_right(where, actor, organisation)


async def work(database: Database, import_id: UUID) -> bool:
    """Do an import to its end; False if another worker has it in hand."""
    watch = await database.connect()
    try:
        if not await repository.take(watch, import_id):
            return False
        job = await repository.begin(watch, import_id)
        if job is None:
            return True
        if job["attempts"] > ATTEMPTS:
            await repository.end(watch, import_id, "failed", None, {}, Findings())
            return True
        if not await _may_still(watch, job):
            await _refuse(watch, import_id, job)
            return True
        # A file without a name: nothing stays behind, however this process ends.
        with tempfile.TemporaryFile() as file:
            async for part in repository.pieces(watch, import_id):
                file.write(part)
            await _work(database, watch, import_id, job, file)
    finally:
        await watch.close()
    return True


async def _may_still(where: Any, job: Any) -> bool:
    """Whether the one who asked may do so now: imports wait, and rights end meanwhile."""
    kind, asked = job["requested_by_kind"], job["requested_by"]
    if kind == "person" and not await repository.is_at_work(where, asked):
        return False
    organisation = await repository.organisation_of_client(where, asked) if kind == "client" else None
    try:
        standing = await _standing(where, Actor(kind, asked, organisation), job["organisation_id"])
    except (NotFound, NotInCharge):
        return False
    return standing.status != "closed"


async def _refuse(watch: "Connection[Record]", import_id: UUID, job: Any) -> None:
    findings = Findings()
    findings.add("requester_lost_right")
    async with watch.transaction():
        await repository.end(watch, import_id, "refused", None, {}, findings)
        await repository.remember_refusal(
            watch, job["requested_by_kind"], job["requested_by"], job["organisation_id"], import_id
        )


async def _work(
    database: Database, watch: "Connection[Record]", import_id: UUID, job: Any, file: BinaryIO
) -> None:
    order = Order(
        content=file,
        anchor=job["organisation_id"],
        source_name=job["source_name"],
        dry_run=job["dry_run"],
        allow_large_closure=job["allow_large_closure"],
        import_id=import_id,
        actor_kind=job["requested_by_kind"],
        actor_id=job["requested_by"],
    )

    async def at_end(connection: "Connection[Record]", outcome: Outcome) -> None:
        await repository.end(
            connection, import_id, outcome.result, outcome.dialect, plain(outcome.counts), outcome.findings
        )

    connection = await database.connect()
    try:
        await load(connection, order, Watched(watch, import_id).tell, at_end)
    finally:
        await connection.close()


class Watched:
    """Tells progress through a connection of its own, so that it is seen before the import ends."""

    def __init__(self, watch: "Connection[Record]", import_id: UUID) -> None:
        self._watch = watch
        self._import_id = import_id
        self._told: tuple[str, str] | None = None
        self._at = 0.0

    async def tell(self, state: str, stage: str, done: int, total: int) -> None:
        """Tell a new stage at once, progress within one four times a second."""
        if (state, stage) == self._told and monotonic() - self._at < PROGRESS_SECONDS:
            return
        self._told, self._at = (state, stage), monotonic()
        await repository.progress(self._watch, self._import_id, state, stage, done, total)
