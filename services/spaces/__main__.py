"""python -m services.spaces serve|migrate"""

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
    from services.spaces.app import build
    from services.spaces.settings import SpacesSettings

    return build(SpacesSettings())


def migrate() -> None:
    """Bring the database up to this release, as the role that owns its tables."""
    from sqlalchemy.engine import make_url

    from libs.common import migrations
    from services.spaces.settings import SpacesSettings

    settings = SpacesSettings()
    if not settings.migrations_database:
        sys.exit("SPACES_MIGRATIONS_DATABASE is not set: it names the role that owns the tables")
    role = make_url(settings.database).username
    if not role:
        sys.exit("SPACES_DATABASE must name the role that serves requests")
    asyncio.run(migrations.upgrade(MIGRATIONS, settings.migrations_database, service_role=role))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m services.spaces", description="Learning spaces")
    commands = {"serve": serve, "migrate": migrate}
    parser.add_argument("command", choices=commands, help="serve: answer HTTP; migrate: update the database")
    commands[parser.parse_args().command]()


if __name__ == "__main__":
    main()
