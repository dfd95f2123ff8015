"""python -m services.creditbank serve|migrate|audit|sweep|sequence|schemes|export|verify|…|xapi-…"""

import argparse
import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from libs.common import serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

MIGRATIONS = Path(__file__).parent / "migrations"


def serve() -> None:
    """Serve HTTP until told to stop."""
    serving.serve(_application)


def _application() -> "FastAPI":
    from services.creditbank.app import build
    from services.creditbank.settings import CreditbankSettings

    return build(CreditbankSettings())


def migrate() -> None:
    """Bring the database up to this release, as the role that owns its tables."""
    from sqlalchemy.engine import make_url

    from libs.common import migrations
    from services.creditbank.settings import CreditbankSettings

    settings = CreditbankSettings()
    if not settings.migrations_database:
        sys.exit("CREDITBANK_MIGRATIONS_DATABASE is not set: it names the role that owns the tables")
    role = make_url(settings.database).username
    if not role:
        sys.exit("CREDITBANK_DATABASE must name the role that serves requests")
    asyncio.run(migrations.upgrade(MIGRATIONS, settings.migrations_database, service_role=role))


def audit() -> None:
    """Prove the books on live data; fails naming the first row that breaks an invariant."""
    from services.creditbank.books.service import audit_database
    from services.creditbank.settings import CreditbankSettings

    findings = asyncio.run(audit_database(CreditbankSettings(), tell=lambda line: print(line, flush=True)))
    if findings:
        sys.exit(f"The books do not hold: {len(findings)} of the checks failed")


def sweep() -> None:
    """Let holds lapse and lots expire whose time is over; may be cut anywhere and begun again."""
    from libs.common.database import Database
    from services.creditbank.learners.keys import KeyRing
    from services.creditbank.ledger.service import Ledger
    from services.creditbank.ledger.sweeping import Sweeper
    from services.creditbank.settings import CreditbankSettings

    settings = CreditbankSettings()

    async def run() -> None:
        database = await Database(settings.database, name="creditbank sweep").start()
        sweeper = Sweeper(database, Ledger(KeyRing(settings.key_encryption_key.get_secret_value())))
        try:
            print(f"{await sweeper.lapse()} holds lapsed", flush=True)
            expired = await sweeper.expire(lambda done: print(f"     {done} accounts", flush=True))
            print(f"lots of {expired} accounts expired")
        finally:
            await database.stop()

    asyncio.run(run())


def sequence() -> None:
    """Write the public log, in a process of its own."""
    from services.creditbank.log.commands import sequence as run
    from services.creditbank.settings import CreditbankSettings

    _or_exit(lambda: asyncio.run(run(CreditbankSettings())))


def export(directory: Path) -> None:
    """Write books, openings and log into files."""
    from services.creditbank.log.commands import write_export
    from services.creditbank.settings import CreditbankSettings

    _or_exit(lambda: asyncio.run(write_export(CreditbankSettings(), directory)))


def verify(directory: Path, keys: list[str]) -> None:
    """Prove an export from its files alone."""
    from services.creditbank.log.commands import verify_export

    _or_exit(lambda: verify_export(directory, keys))


def verify_record(file: str, keys: list[str]) -> None:
    """Prove a learner's exported record from the file alone."""
    from services.creditbank.xapi.carrying.commands import verify_record as run

    _or_exit(lambda: run(file, keys))


def summaries(act: str) -> None:
    """Look after the summaries of learners' records."""
    from services.creditbank.settings import CreditbankSettings
    from services.creditbank.xapi.summaries.commands import run

    _or_exit(lambda: asyncio.run(run(CreditbankSettings(), act)))


def bring_record(learner: UUID, file: str) -> None:
    """Bring a learner's record from elsewhere."""
    from services.creditbank.settings import CreditbankSettings
    from services.creditbank.xapi.carrying.commands import bring_record as run

    _or_exit(lambda: asyncio.run(run(CreditbankSettings(), learner, file)))


def schemes(file: Path | None) -> None:
    """Load schemes of a file, or the examples that come with the bank; loading them again changes nothing."""
    from services.creditbank.schemes.loading import EXAMPLES, SchemesRefused, load, read
    from services.creditbank.settings import CreditbankSettings

    try:
        changed = asyncio.run(load(CreditbankSettings(), read(file or EXAMPLES)))
    except SchemesRefused as error:
        sys.exit(str(error))
    print("\n".join(changed) or "nothing is new")


def log(act: str, argument: str | None) -> None:
    """Show or change the public logs and their keys."""
    from services.creditbank.log.commands import change_log
    from services.creditbank.settings import CreditbankSettings

    _or_exit(lambda: print(json.dumps(asyncio.run(change_log(CreditbankSettings(), act, argument)))))


def moves(act: str, argument: str | None) -> None:
    """Look after moves between bank nodes."""
    from services.creditbank.moves.commands import run
    from services.creditbank.settings import CreditbankSettings

    def work() -> None:
        for line in asyncio.run(run(CreditbankSettings(), act, argument)):
            print(json.dumps(line, ensure_ascii=False))

    _or_exit(work)


def import_statements(given: argparse.Namespace) -> None:
    """Bring a file of statements into an organisation's record store."""
    from services.creditbank.settings import CreditbankSettings
    from services.creditbank.xapi.bulk.commands import import_statements as run

    _or_exit(
        lambda: asyncio.run(
            run(
                CreditbankSettings(),
                given.organisation,
                given.file,
                lenient=given.lenient,
                keep_authority=given.keep_authority,
                folder=given.attachments,
                first=given.from_line,
            )
        )
    )


def export_statements(given: argparse.Namespace) -> None:
    """Write an organisation's statements into a file."""
    from services.creditbank.settings import CreditbankSettings
    from services.creditbank.xapi.bulk.commands import export_statements as run

    _or_exit(
        lambda: asyncio.run(
            run(
                CreditbankSettings(),
                given.organisation,
                given.file,
                since=given.since,
                until=given.until,
                folder=given.attachments,
            )
        )
    )


def prune_statements(given: argparse.Namespace) -> None:
    """Count what an organisation's record store need not keep; remove it if that is said."""
    from services.creditbank.settings import CreditbankSettings
    from services.creditbank.xapi.removals.commands import agent_in, prune

    def work() -> None:
        filters = {
            "verb": given.verb,
            "activity": given.activity,
            "agent": given.agent and agent_in(given.agent),
            "stored_before": given.stored_before,
            "happened_before": given.happened_before,
        }
        asyncio.run(prune(CreditbankSettings(), given.organisation, filters, remove=given.remove))

    _or_exit(work)


def erase_agent(given: argparse.Namespace) -> None:
    """Count the traces of an agent in an organisation's record store; remove them if that is said."""
    from services.creditbank.settings import CreditbankSettings
    from services.creditbank.xapi.removals.commands import erase

    _or_exit(
        lambda: asyncio.run(erase(CreditbankSettings(), given.organisation, given.agent, remove=given.remove))
    )


def _moment(text: str) -> datetime:
    """A time with its offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("needs an offset from UTC")
    return moment


def _add_bulk(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The commands that move whole record stores."""
    for name, told, run in (
        (
            "xapi-import",
            "bring statements, one a line, into a record store; again changes nothing",
            import_statements,
        ),
        ("xapi-export", "write the statements of a record store, one a line", export_statements),
    ):
        parser = commands.add_parser(name, help=told)
        parser.add_argument("organisation", type=UUID)
        parser.add_argument("file", help="JSON Lines, packed with gzip or not; - for the standard stream")
        parser.add_argument("--attachments", type=Path, help="a folder of contents, named by their hashes")
        parser.set_defaults(run=run)
        if run is export_statements:
            parser.add_argument("--since", type=_moment, help="only what was stored then or later")
            parser.add_argument("--until", type=_moment, help="only what was stored before")
            continue
        parser.add_argument(
            "--lenient", action="store_true", help="leave bad lines out, and name each as JSON"
        )
        parser.add_argument("--from-line", type=int, default=1, help="go on with this line")
        parser.add_argument(
            "--keep-authority", action="store_true", help="leave who vouches for statements as the file says"
        )


def _add_removals(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The commands that remove statements for ever."""
    told = "remove statements from a record store by age, verb, activity or who acts"
    pruning = commands.add_parser("xapi-prune", help=told)
    pruning.add_argument("organisation", type=UUID)
    pruning.add_argument("--verb", help="an IRI")
    pruning.add_argument("--activity", help="the IRI of the object")
    pruning.add_argument("--agent", help="who acts: JSON as in statements")
    pruning.add_argument("--stored-before", type=_moment)
    pruning.add_argument("--happened-before", type=_moment, help="by the statement's timestamp")
    pruning.set_defaults(run=prune_statements)
    erasing = commands.add_parser(
        "xapi-erase", help="erase an agent that auth does not know from a record store"
    )
    erasing.add_argument("organisation", type=UUID)
    erasing.add_argument("agent", help="JSON as in statements")
    erasing.set_defaults(run=erase_agent)
    for parser in (pruning, erasing):
        parser.add_argument("--remove", action="store_true", help="do it; without it they are only counted")


def _or_exit(work: "Callable[[], object]") -> None:
    from services.creditbank.log.commands import CommandFailed

    try:
        work()
    except CommandFailed as error:
        sys.exit(str(error))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m services.creditbank", description="A bank of academic credits"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    plain = {
        "serve": (serve, "answer HTTP"),
        "migrate": (migrate, "update the database"),
        "audit": (audit, "prove the books"),
        "sweep": (sweep, "let holds lapse and lots expire now, where the server does not"),
        "sequence": (sequence, "write the public log, where the server does not"),
    }
    for name, (run, told) in plain.items():
        commands.add_parser(name, help=told).set_defaults(run=lambda _given, run=run: run())
    loading = commands.add_parser("schemes", help="load kinds of credit; without a file ECTS and others")
    loading.add_argument("file", type=Path, nargs="?", help="JSON, as schemes/examples.json has it")
    loading.set_defaults(run=lambda given: schemes(given.file))
    exporting = commands.add_parser("export", help="write what `verify` proves into a new directory")
    exporting.add_argument("directory", type=Path)
    exporting.set_defaults(run=lambda given: export(given.directory))
    verifying = commands.add_parser("verify", help="prove an export, with neither database nor settings")
    verifying.add_argument("directory", type=Path, help="an export, or a file with the proof of one entry")
    verifying.add_argument("--key", action="append", default=[], help="a verifier key you trust; repeatable")
    verifying.set_defaults(run=lambda given: verify(given.directory, given.key))
    proving = commands.add_parser("verify-record", help="prove a learner's exported record")
    proving.add_argument("file", help="JSON Lines, packed with gzip or not; - for standard input")
    proving.add_argument("--key", action="append", default=[], help="a verifier key you trust; repeatable")
    proving.set_defaults(run=lambda given: verify_record(given.file, given.key))
    bringing = commands.add_parser("record-import", help="bring a learner's record from another bank")
    bringing.add_argument("learner", type=UUID)
    bringing.add_argument("file", help="an export, packed with gzip or not; - for standard input")
    bringing.set_defaults(run=lambda given: bring_record(given.learner, given.file))
    counting = commands.add_parser("summaries", help="prove or rebuild the summaries of records")
    counting.add_argument("act", choices=["check", "rebuild"])
    counting.set_defaults(run=lambda given: summaries(given.act))
    logging = commands.add_parser("log", help="show the public logs, begin one, turn its keys")
    logging.add_argument("act", choices=["list", "begin", "add-key", "retire-key"])
    logging.add_argument("argument", nargs="?", help="begin: the new log's name; retire-key: the key's id")
    logging.set_defaults(run=lambda given: log(given.act, given.argument))
    moving = commands.add_parser("moves", help="moves to other bank nodes: see, carry as files, compare")
    moving.add_argument("act", choices=["list", "reconcile", "document", "receive", "settle", "withdraw"])
    moving.add_argument("argument", nargs="?", help="document, withdraw: an id; receive, settle: a file")
    moving.set_defaults(run=lambda given: moves(given.act, given.argument))
    _add_bulk(commands)
    _add_removals(commands)
    given = parser.parse_args()
    given.run(given)


if __name__ == "__main__":
    main()
