"""`make run`: stores, migrations, three services, at first a demo region; Ctrl-C stops everything."""

import argparse
import json
import secrets
import sys
import time
from pathlib import Path

from infra.dev import addresses, migrating, service, supervisor, table
from infra.dev.credentials import Credentials
from infra.dev.environment import ROOT, say
from infra.dev.processes import StartError
from infra.dev.state import Hold, StateInUseError, write_private
from infra.dev.stores import Stores, choose_stores
from infra.dev.supervisor import StopRequested, Supervisor


def main() -> int:
    """Runs until asked to stop; the exit status is 1 when something did not start."""
    options = _options()
    supervisor.listen_for_endings()
    try:
        _run(options)
    except StopRequested:
        return 0
    except StateInUseError as held:
        running = options.state / "run.json"
        return _refuse(
            f"Already running from this checkout (process {held.pid}); its addresses are in {running}."
        )
    except StartError as failure:
        return _refuse(str(failure))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m infra.dev run", description=__doc__)
    parser.add_argument("--free-ports", action="store_true", help="take any free ports")
    parser.add_argument("--state", type=Path, default=ROOT / ".state", help="where everything is kept")
    parser.add_argument("--empty", action="store_true", help="load no demo region")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> None:
    began = time.monotonic()
    Hold(options.state).release()  # first, so that a second run is not told of the ports of the first
    run_file = options.state / "run.json"
    run_file.unlink(missing_ok=True)  # of a runner that was killed
    ports = addresses.choose_ports(free=options.free_ports)
    stores = choose_stores(options.state)
    keeper: Supervisor | None = None
    try:
        credentials = Credentials.of(options.state)
        boot = secrets.token_hex(8)
        services = service.describe(stores, ports, credentials, options.state / "logs", boot)
        keeper = Supervisor(stores, services)
        if stores.have_data() and migrating.is_remembered(options.state):
            keeper.launch()  # beside the stores: they are there before the services have loaded their code
            stores.start_servers()
        else:
            _begin(options.state, stores, keeper, credentials)
        keeper.start()
        say(f"three services ready after {time.monotonic() - began:.1f} s")
        where = {one.name: one.address for one in services}
        if not options.empty:
            from infra.dev import seeding  # here: once filled, a checkout starts without it

            seeding.ensure_demo_region(where, credentials)
        if "basic" not in credentials.document:
            from infra.dev import records

            records.ensure_basic(where, credentials)
        document = table.run_document(where, credentials, services, boot)
        service.write_environments(services, options.state)
        write_private(run_file, document)
        print(table.render(document), flush=True)
        keeper.watch()
    finally:
        supervisor.ignore_endings()
        run_file.unlink(missing_ok=True)
        say("stopping")
        keeper.stop() if keeper else stores.stop()
        say("stopped")


def _begin(state: Path, stores: Stores, keeper: Supervisor, credentials: Credentials) -> None:
    """Stores, databases, migrations, then the services, beside which the platform's beginning is made."""
    migrating.forget(state)
    migrator = migrating.Migrator(state / "logs" / "migrations.log")
    if stores.postgresql is not None:
        migrator.begin()  # it loads its code while the database cluster is made
    try:
        say("starting the stores")
        _start_stores(stores)
        behind = migrating.outdated(stores, keeper.services)
        if behind:
            say(f"migrating {', '.join(one.name for one in behind)}")
            migrator.migrate(stores, behind)
    finally:
        migrator.end()
    keeper.launch()
    if not credentials.document.get("bootstrapped") or any(one.name == "auth" for one in behind):
        auth = next(one for one in keeper.services if one.name == "auth")
        say("creating the administrator and the services' clients")
        document = json.dumps(credentials.bootstrap_document())
        service.run_once(migrating.as_owner(stores, auth), "bootstrap", document)
        credentials.keep("bootstrapped", True)
    bank = next((one for one in behind if one.name == "creditbank"), None)
    if bank is not None:
        service.run_once(bank, "schemes")  # the examples; loading them again changes nothing
    migrating.remember(state)


def _start_stores(stores: Stores) -> None:
    import asyncpg

    try:
        stores.start_servers()
        stores.prepare()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
        if stores.postgresql is not None:
            raise
        raise StartError(f"The server that DATABASE names cannot be used: {failure}") from failure


def _refuse(text: str) -> int:
    print(f"xuebu: {text}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
