"""python -m services.auth serve|migrate|bootstrap|keys list|keys rotate|keys revoke|audit verify|..."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from libs.common import serving

if TYPE_CHECKING:  # what a command needs is loaded when it runs
    from fastapi import FastAPI

    from libs.common.database import Database
    from services.auth.settings import AuthSettings

Result = TypeVar("Result")
MIGRATIONS = Path(__file__).parent / "migrations"


def serve(_arguments: argparse.Namespace) -> None:
    """Serve HTTP until told to stop."""
    from services.auth.settings import AuthSettings

    settings = AuthSettings()

    def application() -> "FastAPI":
        from services.auth.app import build

        return build(settings)

    serving.serve(application, trusted_proxies=settings.trusted_proxies)


def migrate(_arguments: argparse.Namespace) -> None:
    """Bring the database up to this release, as the role that owns its tables."""
    from sqlalchemy.engine import make_url

    from libs.common import migrations
    from services.auth.settings import AuthSettings

    settings = AuthSettings()
    if not settings.migrations_database:
        sys.exit("AUTH_MIGRATIONS_DATABASE is not set: it names the role that owns the tables")
    role = make_url(settings.database).username
    if not role:
        sys.exit("AUTH_DATABASE must name the role that serves requests")
    asyncio.run(migrations.upgrade(MIGRATIONS, settings.migrations_database, service_role=role))


def bootstrap(_arguments: argparse.Namespace) -> None:
    """Read the platform's beginning as JSON, make what is missing, print the root's id."""
    from pydantic import ValidationError

    from libs.common.problems import Problem
    from services.auth.bootstrap import Platform, prepare

    try:
        platform = Platform.model_validate_json(sys.stdin.read())
    except ValidationError as error:  # its text would repeat the secrets that were given
        places = ", ".join(".".join(map(str, one["loc"])) for one in error.errors(include_input=False))
        sys.exit(f"The document has not the documented form: {places or 'not JSON'}")
    try:
        root = _with_database(lambda database, _settings: prepare(database, platform))
    except Problem as problem:
        explanation = problem.explanation()
        sys.exit(f"{problem.title.en}. {explanation.en if explanation else ''}".strip())
    print(json.dumps({"organisation": str(root)}))


def keys(arguments: argparse.Namespace) -> None:
    """List the signing keys, publish new ones that sign once every verifier knows them, or revoke one."""
    from services.auth.keys.commands import run

    answer = _with_database(
        lambda database, settings: run(database, settings, arguments.what, vars(arguments), datetime.now(UTC))
    )
    if answer is None:
        sys.exit("There is no such key, or it is over already")
    print(json.dumps(answer))


def audit(_arguments: argparse.Namespace) -> None:
    """Check the audit's chain; fails where a row was altered or is missing."""
    from services.auth.audit.service import verify_chain

    position = _with_database(lambda database, _settings: verify_chain(database.pool))
    if position is not None:
        sys.exit(f"The chain does not hold at position {position}")
    print(json.dumps({"holds": True}))


def _with_database(work: "Callable[[Database, AuthSettings], Awaitable[Result]]") -> Result:
    from libs.common.database import Database
    from services.auth.settings import AuthSettings

    settings = AuthSettings()

    async def run() -> Result:
        database = await Database(settings.database, pool_size=1, name="auth command").start()
        try:
            return await work(database, settings)
        finally:
            await database.stop()

    return asyncio.run(run())


def main() -> None:
    with serving.loading():
        arguments = _parser().parse_args()
    arguments.command(arguments)


def _parser() -> argparse.ArgumentParser:
    from services.auth.rosters.commands import add_commands as add_roster_commands

    parser = argparse.ArgumentParser(prog="python -m services.auth", description="People and identities")
    commands = parser.add_subparsers(required=True)
    for name, command in {"serve": serve, "migrate": migrate, "bootstrap": bootstrap}.items():
        commands.add_parser(name, help=command.__doc__).set_defaults(command=command)
    turning = commands.add_parser("keys", help=keys.__doc__)
    doing = turning.add_subparsers(dest="what", required=True)
    doing.add_parser("list", help="kid, algorithm, state and times of every key")
    rotating = doing.add_parser("rotate", help="publish a new key; it signs when every verifier has it")
    rotating.add_argument("--algorithm", choices=["ES256", "RS256"], help="of this one; default: of both")
    rotating.add_argument("--at-once", action="store_true", help="sign with it in seconds, known to us only")
    doing.add_parser("revoke", help="end a key that leaked; its tokens die").add_argument("kid")
    turning.set_defaults(command=keys)
    checking = commands.add_parser("audit", help=audit.__doc__)
    checking.add_argument("what", choices=["verify"])
    checking.set_defaults(command=audit)
    add_roster_commands(commands)
    return parser


if __name__ == "__main__":
    main()
