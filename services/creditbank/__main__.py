"""python -m services.creditbank serve|migrate|audit"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from libs.common import serving

if TYPE_CHECKING:
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


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m services.creditbank", description="A bank of academic credits"
    )
    commands = {"serve": serve, "migrate": migrate, "audit": audit}
    parser.add_argument(
        "command",
        choices=commands,
        help="serve: answer HTTP; migrate: update the database; audit: prove the books",
    )
    commands[parser.parse_args().command]()


if __name__ == "__main__":
    main()
