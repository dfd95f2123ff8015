"""Brings the services' databases up to this checkout's schema, and remembers that they are."""

from dataclasses import replace
from pathlib import Path

from infra.dev.databases import connected
from infra.dev.service import ROOT, Service, run_once
from infra.dev.state import read_private, write_private
from infra.dev.stores import SERVICES, Stores, complete

#: the file in the state directory that says which migrations its databases have
NOTE = "migrated.json"


def is_remembered(state: Path) -> bool:
    """Whether an earlier run brought the databases in `state` to this very schema.

    Only this runner changes them there, so a warm start need not wait for the server to say so.
    """
    return read_private(state / NOTE) == _wanted()


def remember(state: Path) -> None:
    """Note that the databases in `state` have this checkout's schema."""
    write_private(state / NOTE, _wanted())


def forget(state: Path) -> None:
    """Take the note back before anything about it changes."""
    (state / NOTE).unlink(missing_ok=True)


def _wanted() -> dict[str, str]:
    return {service: newest(service) for service in SERVICES}


def outdated(stores: Stores, services: list[Service]) -> list[Service]:
    """The services whose database lacks the newest numbered migration."""
    found = complete(_revisions(stores, [service.name for service in services]))
    return [service for service in services if found[service.name] != newest(service.name)]


def newest(service: str) -> str:
    """The number of a service's newest migration, which begins its file name."""
    versions = ROOT / "services" / service / "migrations" / "versions"
    return max((path.name[:4] for path in versions.glob("[0-9]*_*.py")), default="")


def migrate(stores: Stores, services: list[Service]) -> None:
    """Migrates the given services at once, each as its owner, whose address serving never sees."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(services) or 1) as pool:
        list(pool.map(lambda service: run_once(as_owner(stores, service), "migrate"), services))


def as_owner(stores: Stores, service: Service) -> Service:
    """The service with the right to change its schema."""
    variable = f"{service.name.upper()}_MIGRATIONS_DATABASE"
    owner = stores.services[service.name].migrations_database
    return replace(service, environment={**service.environment, variable: owner})


async def _revisions(stores: Stores, names: list[str]) -> dict[str, str]:
    import asyncio

    return dict(zip(names, await asyncio.gather(*(_revision(stores, name) for name in names)), strict=True))


async def _revision(stores: Stores, name: str) -> str:
    import asyncpg

    connection = await connected(stores.services[name].migrations_database)
    try:
        return str(await connection.fetchval("select version_num from alembic_version"))
    except asyncpg.UndefinedTableError:
        return ""
    finally:
        await connection.close()
