"""Forgets the state of this checkout: databases, streams, secrets, logs. Refuses while it is in use."""

import asyncio
import os
import shutil
import sys

import redis

from infra.dev.databases import Databases
from infra.dev.environment import ROOT
from infra.dev.state import Hold, StateInUseError
from infra.dev.stores import SERVICES

STATE = ROOT / ".state"


def main() -> int:
    """Removes .state, and on servers that DATABASE and REDIS name what the runner had made there."""
    try:
        hold = Hold(STATE)
    except StateInUseError as held:
        print(f"The product is running (process {held.pid}): stop it with Ctrl-C first.", file=sys.stderr)
        return 1
    administration = os.environ.get("DATABASE", "")
    if administration and (STATE / "roles.json").exists():
        databases = Databases(administration, STATE / "roles.json")
        for service in SERVICES:
            asyncio.run(databases.drop_all(f"xuebu_{service}"))
    if address := os.environ.get("REDIS", ""):
        with redis.Redis.from_url(address) as client:
            for key in client.scan_iter(match="xuebu:*", count=1000):
                client.delete(key)
    for entry in STATE.iterdir():
        if entry.name not in ("lock", "environment.lock", "test"):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    hold.release()
    print("State forgotten: the next `make run` starts from nothing.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
