"""What an operator does with whole record stores from the command line."""

import sys
import zlib
from collections.abc import Callable
from contextlib import aclosing, suppress
from datetime import datetime
from functools import partial
from gzip import BadGzipFile
from itertools import dropwhile
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.log.commands import CommandFailed
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.activities.service import Definitions
from services.creditbank.xapi.bulk import contents, lines, repository
from services.creditbank.xapi.bulk.exporting import Span, exported
from services.creditbank.xapi.bulk.importing import Done, Importer, Refusal, Stopped
from services.creditbank.xapi.bulk.progress import Progress
from services.creditbank.xapi.credentials.rules import agent, text
from services.creditbank.xapi.operations import service as operations
from services.creditbank.xapi.protocol.doors import Door
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.protocol.versions import PREFIX
from services.creditbank.xapi.readings import service as readings
from services.creditbank.xapi.readings.rules import NOBODY
from services.creditbank.xapi.statements import repository as statements
from services.creditbank.xapi.statements.cursors import Cursors
from services.creditbank.xapi.statements.service import Statements

#: the account that vouches for what operators import
IMPORTER: Final = "import"
#: an import of so many changes what the planner should know
_MANY: Final = 5000


async def import_statements(
    settings: CreditbankSettings,
    organisation: UUID,
    file: str,
    *,
    lenient: bool = False,
    keep_authority: bool = False,
    folder: Path | None = None,
    first: int = 1,
    report: Callable[[str], None] | None = None,
) -> Done:
    """Import a file, from line `first` on; refused lines go to `report` as JSON if lenient.

    Raises CommandFailed where a line stops it, with the line to go on with.
    """
    database = await Database(settings.database, pool_size=3, name="creditbank import").start()
    operation = new_id()
    importer = Importer(
        Statements(database, Cursors(settings.key_encryption_key.get_secret_value()), Definitions()),
        _operator(settings, organisation),
        keep_authority=keep_authority,
        folder=folder,
        largest=settings.xapi_body_limit,
        refuse=_reported(report or _say) if lenient else None,
    )
    try:
        await _require(database, organisation)
        with lines.opened(file) as source:
            await operations.begin(database.pool, operation, organisation, "import", None)
            progress = Progress(source.size)
            wanted = dropwhile(
                lambda one: one[0] < first, lines.lines(source.lines, settings.xapi_body_limit)
            )
            done = await importer.run(
                wanted, lambda so_far: progress.tell(so_far.taken, source.done(), _refused(so_far))
            )
        if done.taken >= _MANY:
            await repository.analyse(database.pool)
        progress.finish(f"{done.taken} statements are in the store{_refused(done)}")
    except Stopped as stopped:
        raise CommandFailed(_why(stopped.refusal)) from None
    except (OSError, EOFError, BadGzipFile, zlib.error) as error:
        through = importer.done.through
        raise CommandFailed(f"The file cannot be read on after line {through}: {error}") from None
    finally:
        await _written_down(database, operation, importer.done)
        await database.stop()
    return done


async def export_statements(
    settings: CreditbankSettings,
    organisation: UUID,
    file: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    folder: Path | None = None,
) -> tuple[int, str]:
    """Write what was stored in a span; returns how many statements, and up to when none is missing."""
    database = await Database(settings.database, pool_size=1, name="creditbank export").start()
    count = size = 0
    progress, operation = Progress(None), new_id()
    try:
        await _require(database, organisation)
        account = partial(
            readings.record, database.pool, organisation, NOBODY, ("operator", NOBODY), "export"
        )
        await account(0)
        span = await Span.of(database.pool, since, until)
        filters = {"stored_before": span.until, **({"stored_since": since} if since else {})}
        told = orjson.dumps(filters)
        await operations.begin(database.pool, operation, organisation, "export", None, told)
        with lines.written(file) as target:
            async with aclosing(exported(database.pool, organisation, span)) as pages:  # type: ignore[type-var]
                async for page in pages:
                    for one in page:
                        target.write(one.body + b"\n")
                        size += len(one.body)
                        if folder and one.attachments:
                            kept = await statements.attachments(database.pool, organisation, one.attachments)
                            contents.keep(folder, kept)
                    count += len(page)
                    progress.tell(count, size)
        await account(count, times=0)
        progress.finish(f"{count} statements, stored before {span.until}")
    except OSError as error:
        raise CommandFailed(f"The file cannot be written: {error}") from None
    finally:
        await _written_down(database, operation, Done(taken=count))
        await database.stop()
    return count, span.until


async def _written_down(database: Database, operation: UUID, done: Done) -> None:
    """How much there was, also of what stopped half-way."""
    with suppress(asyncpg.PostgresError, OSError):  # that the database is away has been told
        async with database.pool.acquire() as connection, connection.transaction():
            await operations.count(connection, operation, done.taken, refused=done.refused)  # type: ignore[arg-type]
            await operations.end(connection, [operation])  # type: ignore[arg-type]


async def _require(database: Database, organisation: UUID) -> None:
    if not await repository.is_known(database.pool, organisation):
        raise CommandFailed(f"The bank knows no organisation {organisation}")


def _operator(settings: CreditbankSettings, organisation: UUID) -> Door:
    """The door of whoever may use the database itself."""
    authority = agent(f"{settings.public_address}{PREFIX.rstrip('/')}", IMPORTER)
    return Door(organisation, text(authority), agent_key(authority) or "", frozenset(), "operator")


def _reported(report: Callable[[str], None]) -> Callable[[Refusal], None]:
    return lambda refusal: report(orjson.dumps(refusal.told()).decode())


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _refused(done: Done) -> str:
    return f", {done.refused} lines refused" if done.refused else ""


def _why(refusal: Refusal) -> str:
    told: dict[str, Any] = refusal.told()
    return (
        f"Line {refusal.line} is refused: {told['path']} {told['message']} ({told['clause']}). Lines"
        f" before it are stored; mend it and go on with --from-line {refusal.line}, or leave bad lines out"
        " with --lenient."
    )
