"""Writes the books, the openings of their commitments and the log into files that `verify` proves.

The files hold what the bank knows of its learners: they are readable by their owner only.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

import asyncpg
import orjson

from services.creditbank.learners.keys import KeyRing
from services.creditbank.log import repository, whole
from services.creditbank.log.notes import Verifier
from services.creditbank.log.store import LogFiles
from services.creditbank.log.tiles import tiles_of
from services.creditbank.log.verifying import FORMAT
from services.creditbank.log.whole import PARTS
from services.creditbank.tables import Connection

_PROGRESS_EVERY: Final = 100_000
_MOST_LOGS: Final = 1_000

Tell = Callable[[str], None]


class ExportFailed(Exception):
    """Why there is no export."""


async def export(
    connection: Connection, directory: Path, log_directory: Path | None, keys: KeyRing, tell: Tell
) -> None:
    """Everything in one snapshot; writers are not held up. The directory must not exist."""
    made_at = datetime.now(UTC)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        sizes = await _write_logs(connection, directory, log_directory, tell)
        with ExitStack() as open_files:
            accounts = open_files.enter_context(_created(directory / "accounts.jsonl"))
            async for row in whole.accounts(connection):
                accounts.write(orjson.dumps(_account(row)) + b"\n")
            institutions = open_files.enter_context(_created(directory / "institutions.jsonl"))
            async for row in whole.institutions(connection):
                institutions.write(orjson.dumps(dict(row), default=str) + b"\n")
            entries = open_files.enter_context(_created(directory / "entries.jsonl"))
            written = 0
            async for row in whole.entries(connection):
                entries.write(orjson.dumps(_entry(row, keys, sizes)) + b"\n")
                written += 1
                if written % _PROGRESS_EVERY == 0:
                    tell(f"     {written} entries")
    manifest = {"format": FORMAT, "made_at": made_at, "logs": list(sizes), "entries": written}
    with _created(directory / "export.json") as file:
        file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n")
    tell(f"{written} entries, {sum(sizes.values())} leaves in {len(sizes)} logs")


async def _write_logs(
    connection: Connection, directory: Path, log_directory: Path | None, tell: Tell
) -> dict[str, int]:
    """Write tiles, keys and last checkpoint of each log, oldest first; returns their sizes."""
    _make(directory)
    sizes: dict[str, int] = {}
    for log in reversed(await repository.newest(connection, _MOST_LOGS)):
        last = await repository.checkpoints(connection, log["number"], 1)
        if not last:
            continue
        if log_directory is None:
            raise ExportFailed("there is a log, but log_directory is not set")
        keys = await repository.keys(connection, log["number"])
        _copy(directory / "log", LogFiles(log_directory, log["name"]), log, last[0], keys)
        sizes[log["name"]] = last[0]["size"]
        tell(f"log {log['name']}: {last[0]['size']} leaves")
    return sizes


def _make(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise ExportFailed(f"{directory} exists already") from None


def _copy(
    directory: Path,
    files: LogFiles,
    log: asyncpg.Record,
    last: asyncpg.Record,
    keys: Sequence[asyncpg.Record],
) -> None:
    copy = directory / log["name"]
    copy.mkdir(parents=True)
    (copy / "checkpoint").write_text(last["note"], encoding="utf-8")
    (copy / "keys").write_text(
        "".join(f"{Verifier(log['origin'], key['public_key']).text}\n" for key in keys), encoding="utf-8"
    )
    for tile in tiles_of(last["size"]):
        path = copy / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files.read(tile))


def _account(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "learner": str(row["person"]),
        "scheme": row["code"],
        "sequence": row["sequence"],
        "head": row["head"],
        "parts": {part: row[part] for part in PARTS},
    }


def _entry(row: asyncpg.Record, keys: KeyRing, sizes: dict[str, int]) -> dict[str, Any]:
    salt = None if row["wrapped"] is None else keys.salt(row["learner"], row["wrapped"], row["id"]).hex()
    is_sealed = row["leaf"] is not None and row["leaf"] < sizes.get(row["name"], 0)
    return {
        "learner": str(row["person"]),
        "scheme": row["code"],
        "sequence": row["sequence"],
        "document": row["document"],
        "salt": salt,
        "commitment": row["commitment"],
        "log": row["name"] if is_sealed else None,
        "leaf": row["leaf"] if is_sealed else None,
    }


def _created(path: Path) -> IO[bytes]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "wb", buffering=1 << 20)
