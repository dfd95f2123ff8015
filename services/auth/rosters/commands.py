"""The command line of roster imports: the worker of a queued one, and one from a path on this machine."""

import argparse
import asyncio
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Final
from uuid import UUID

from libs.common import logs
from libs.common.database import Database, sqlstate
from libs.common.languages import Language
from services.auth.rosters import service
from services.auth.rosters.applying.load import Order, Outcome, Result, load, plain
from services.auth.rosters.reading.messages import words
from services.auth.rosters.rules import DEFAULT_SOURCE
from services.auth.settings import AuthSettings

FINDINGS_SHOWN = 200
ROSTER_IMPORT_BROKE: Final = "roster.import_broke"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `import-roster` and `roster-import`; each sets `command`, a function of the arguments."""
    importing = commands.add_parser(
        "import-roster", help="Import a roster: a zip or a folder on this machine."
    )
    importing.add_argument("path", type=Path)
    importing.add_argument(
        "--organisation", type=UUID, required=True, help="what the set is about lies below it"
    )
    importing.add_argument("--source", default=DEFAULT_SOURCE, help="which of its systems sends the set")
    importing.add_argument("--dry-run", action="store_true", help="check and count, but keep nothing")
    importing.add_argument("--allow-large-closure", action="store_true")
    importing.add_argument("--language", choices=("en", "zh-CN"), default=_language())
    importing.set_defaults(command=import_roster)
    working = commands.add_parser("roster-import", help="Work off one queued import (the service does this).")
    working.add_argument("--job", type=UUID, required=True)
    working.set_defaults(command=run_job)


def run_job(arguments: argparse.Namespace) -> None:
    """Work off one queued import; exits with 0 when it has ended, also when it was refused."""
    settings = AuthSettings()
    logs.configure(settings.log_level, settings.log_format, "auth")
    database = Database(settings.database, pool_size=1, name="auth roster import")
    try:
        asyncio.run(service.work(database, arguments.job))
    except Exception as error:
        # The error's own words may hold values of the roster: only its kind and place are logged.
        place = "".join(traceback.format_tb(error.__traceback__)[-3:])
        logs.logger(__name__).error(
            ROSTER_IMPORT_BROKE,
            import_id=str(arguments.job),
            error=type(error).__name__,
            sqlstate=sqlstate(error),
            place=place,
        )
        sys.exit(1)


def import_roster(arguments: argparse.Namespace) -> None:
    """Import a path, show progress and the report; exits with 1 when the set is refused."""
    if not arguments.path.exists():
        sys.exit(f"{arguments.path}: there is no such file or folder")
    outcome = asyncio.run(_import(arguments))
    _report(outcome, arguments.language, dry_run=arguments.dry_run)
    if outcome.result is Result.REFUSED:
        sys.exit(1)


async def _import(arguments: argparse.Namespace) -> Outcome:
    settings = AuthSettings()
    database = Database(settings.database, pool_size=1, name="auth roster import")
    connection = await database.connect()
    try:
        known = await connection.fetchval("select 1 from organisation where id = $1", arguments.organisation)
        if known is None:
            sys.exit(f"{arguments.organisation}: there is no such organisation")
        order = Order(
            content=arguments.path,
            anchor=arguments.organisation,
            source_name=arguments.source,
            dry_run=arguments.dry_run,
            allow_large_closure=arguments.allow_large_closure,
        )
        return await load(connection, order, _Shown().tell)
    finally:
        await connection.close()


class _Shown:
    """Progress as lines: each stage once, and each second within it."""

    def __init__(self) -> None:
        self._stage: tuple[str, str] | None = None
        self._at = 0.0

    async def tell(self, state: str, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if (state, stage) == self._stage and now - self._at < 1:
            return
        self._stage, self._at = (state, stage), now
        share = f" {done * 100 // total:3d} %" if total else ""
        sys.stderr.write(f"{state}: {stage}{share}\n")


def _report(outcome: Outcome, language: Language, *, dry_run: bool) -> None:
    chinese = language == "zh-CN"
    results = {
        Result.APPLIED: ("applied", "已导入"),
        Result.UNCHANGED: ("unchanged: the set says nothing new", "没有变化"),
        Result.REFUSED: ("refused: nothing was changed", "已拒绝，未作任何更改"),
    }
    out = sys.stdout.write
    out(results[outcome.result][chinese] + ((" (dry run)", "（试运行）")[chinese] if dry_run else "") + "\n")
    for kind, numbers in plain(outcome.counts).items():
        out(f"  {kind:14}" + "  ".join(f"{name} {number}" for name, number in numbers.items()) + "\n")
    for found in list(outcome.findings)[:FINDINGS_SHOWN]:
        place = ":".join(str(part) for part in (found.file, found.row, found.field) if part is not None)
        value = f" [{found.value}]" if found.value is not None else ""
        message = words(found.code, found.values).in_language(language)
        out(f"  {found.severity} {place or '-'}{value} {message} ({found.code})\n")
    hidden = sum(outcome.findings.counts.values()) - min(len(outcome.findings.kept), FINDINGS_SHOWN)
    if hidden:
        out(("  … and {} more\n", "  …另有 {} 条\n")[chinese].format(hidden))


def _language() -> Language:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh-CN" if spoken.startswith("zh") else "en"
