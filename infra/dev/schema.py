"""Migrates the databases it reads of, one after another: one process, and what it needs is loaded once.

Standard input: a JSON list of objects with `folder` (of the migrations), `address` (as the owner) and
`service_role`. The addresses hold passwords, so they are never arguments.
"""

import asyncio
import json
import sys
from pathlib import Path

from libs.common import migrations


async def migrate(wanted: list[dict[str, str]]) -> None:
    """Bring each database to the newest revision of its folder."""
    for one in wanted:
        await migrations.upgrade(Path(one["folder"]), one["address"], service_role=one["service_role"])


if __name__ == "__main__":
    # Nothing comes when the runner has ended before it had a database to migrate.
    asyncio.run(migrate(json.loads(sys.stdin.read() or "[]")))
