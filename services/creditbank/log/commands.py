"""What an operator does with the public log from the command line."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg

from libs.common import logs
from libs.common.database import Database
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log import repository, service
from services.creditbank.log.exporting import ExportFailed, export
from services.creditbank.log.keys import LogKeys
from services.creditbank.log.notes import NoteBroken, Verifier, read_verifier
from services.creditbank.log.proving import verify_proof
from services.creditbank.log.rules import is_log_name, origin
from services.creditbank.log.sequencer import SigningRefused
from services.creditbank.log.sequencing import Sequencing
from services.creditbank.log.store import TileMissing
from services.creditbank.log.verifying import Broken, verify
from services.creditbank.settings import CreditbankSettings

#: how often, in seconds and times, to look for the moment at which the present log is sealed to its end
_RETRY_S: Final = 0.2
_RETRIES: Final = 150


class CommandFailed(Exception):
    """What the operator reads."""


async def sequence(settings: CreditbankSettings) -> None:
    """Lead, or stand by to lead, until told to stop; ends when signing must be refused."""
    if settings.log_directory is None:
        raise CommandFailed("CREDITBANK_LOG_DIRECTORY is not set")
    logs.configure(settings.log_level, settings.log_format, "creditbank")
    database = Database(settings.database, name="creditbank sequencer")
    try:
        await Sequencing(database, settings).run(stop_when_refused=True)
    except SigningRefused as error:
        raise CommandFailed(f"Nothing is signed: {error}") from None


async def write_export(settings: CreditbankSettings, directory: Path) -> None:
    """Write the export, telling how far it is."""
    connection = await Database(settings.database, name="creditbank export").connect()
    keys = KeyRing(settings.key_encryption_key.get_secret_value())
    try:
        await export(connection, directory, settings.log_directory, keys, _tell)
    except (ExportFailed, TileMissing) as error:
        raise CommandFailed(f"There is no export: {error}") from None
    finally:
        await connection.close()


def verify_export(path: Path, keys: list[str]) -> None:
    """Prove an export, or one entry's proof in a file; no settings and no database are needed."""
    try:
        trusted: list[Verifier] = [read_verifier(text) for text in keys]
    except NoteBroken as error:
        raise CommandFailed(str(error)) from None
    if not path.exists():
        raise CommandFailed(f"There is nothing at {path}")
    try:
        if path.is_file():
            entry = verify_proof(path, trusted)
            _tell(f"entry {entry['id']}, number {entry['sequence']} of its book, is in the log as it says")
        else:
            verify(path, trusted, _tell)
    except Broken as error:
        raise CommandFailed(f"BROKEN at {error}") from None
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise CommandFailed(f"BROKEN: not in the documented form ({type(error).__name__})") from None


async def change_log(settings: CreditbankSettings, act: str, argument: str | None) -> dict[str, Any]:
    """List the logs, begin the next one, or turn the key of the newest one."""
    database = await Database(settings.database, pool_size=1, name="creditbank command").start()
    keys = LogKeys(settings.key_encryption_key.get_secret_value())
    try:
        if act == "begin":
            await _begin(database, keys, settings.public_address, argument or str(datetime.now(UTC).year))
        elif act == "add-key":
            log = await _newest(database)
            await repository.add_key(database.pool, log["number"], *keys.fresh(log["origin"]))
        elif act == "retire-key":
            await _retire(database, argument or "")
        return {"logs": [_shown(log) for log in await service.published(database.pool)]}
    finally:
        await database.stop()


async def _newest(database: Database) -> asyncpg.Record:
    found = await repository.newest(database.pool, 1)
    if not found:
        raise CommandFailed("There is no log yet; the sequencer begins the first one")
    return found[0]


async def _begin(database: Database, keys: LogKeys, public_address: str, name: str) -> None:
    """Begin a log at the next moment at which the present one is sealed to its end."""
    if not is_log_name(name):
        raise CommandFailed("A log's name is lower-case letters, digits and hyphens")
    new_origin = origin(public_address, name)
    for _ in range(_RETRIES):
        try:
            await repository.begin(database.pool, name, new_origin, *keys.fresh(new_origin))
        except asyncpg.ObjectNotInPrerequisiteStateError:
            await asyncio.sleep(_RETRY_S)
        except asyncpg.UniqueViolationError:
            raise CommandFailed(f"There is a log {name} already") from None
        else:
            return
    raise CommandFailed("The present log is not sealed to its end: does the sequencer run?")


async def _retire(database: Database, key_id: str) -> None:
    log = await _newest(database)
    for row in await repository.keys(database.pool, log["number"]):
        if Verifier(log["origin"], row["public_key"]).key_id.hex() == key_id:
            if not await repository.retire_key(database.pool, log["number"], row["public_key"]):
                raise CommandFailed("It signs no more, or it is the only key that does")
            return
    raise CommandFailed("The newest log has no key with this id")


def _shown(log: service.PublishedLog) -> dict[str, Any]:
    return {
        "name": log.name,
        "origin": log.origin,
        "size": log.size,
        "keys": [
            {"verifier": key.verifier, "retired_at": key.retired_at and key.retired_at.isoformat()}
            for key in log.keys
        ],
    }


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
