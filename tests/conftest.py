"""The stores every test may use: servers of this session, a migrated database for each service."""

import functools
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from infra.dev.redis_choice import lent_redis
from infra.dev.state import Hold, StateInUseError
from infra.dev.stores import ServiceStore, Stores, complete, start_stores

ROOT = Path(__file__).resolve().parents[1]
SESSIONS = ROOT / ".state" / "test"


#: what takes longest begins first, so that no worker is left with it alone at the end
LONGEST_FIRST = (
    "e2e",
    "browser",
    "integration/creditbank/faults",
    "integration/creditbank/test_history.py",
    "integration/creditbank/moves",
    "integration/auth",
    "integration/common",
)
#: folders whose tests share something that takes seconds to start
TOGETHER = ("e2e", "browser")


class _Order:
    """Orders files by what they take; last of all, since others shuffle."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    path = str(item.path.relative_to(ROOT / "tests"))
    return next(
        (turn for turn, first in enumerate(LONGEST_FIRST) if path.startswith(first)), len(LONGEST_FIRST)
    )


def pytest_configure(config: pytest.Config) -> None:
    # how long a machine takes is no fault of what is tested
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")
    config.pluginmanager.register(_Order())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file share a worker and what its fixtures made; told before the workers ask."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item: pytest.Item) -> str:
    path = item.path.relative_to(ROOT / "tests")
    return path.parts[0] if path.parts[0] in TOGETHER else str(path)


@pytest.fixture(scope="session")
def stores() -> Iterator[Stores]:
    """Embedded servers in a directory of their own, or those DATABASE and REDIS name; gone at the end."""
    _remove_abandoned()
    state = SESSIONS / secrets.token_hex(4)
    with lent_redis() as environment:
        name = f"xuebu_test_{state.name}"
        running = start_stores(state, name, environment=environment, durable=False)
        try:
            yield running
        finally:
            if running.postgresql is None:
                running.forget()
            running.stop()
            shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(scope="session")
def service_database(stores: Stores) -> Callable[[str], ServiceStore]:
    """Gives the session's migrated database of a service, shared by all tests; commits in it stay."""
    migrated = _migrated(stores)

    @functools.cache
    def shared(service: str) -> ServiceStore:
        migrated(service)
        return stores.copy_database(service)

    return shared


@pytest.fixture
def fresh_database(stores: Stores) -> Iterator[Callable[[str], ServiceStore]]:
    """Gives an empty migrated database of a service, of the one test alone."""
    made: list[ServiceStore] = []

    def fresh(service: str) -> ServiceStore:
        _migrated(stores)(service)
        made.append(stores.copy_database(service))
        return made[-1]

    yield fresh
    for store in made:
        stores.drop_database(store)


@functools.cache
def _migrated(stores: Stores) -> Callable[[str], None]:
    """Migrates a service's own database once; it then stays unused, the original of all copies."""

    from libs.common import migrations  # here: unit tests start without Alembic

    @functools.cache
    def migrate(service: str) -> None:
        store = stores.services[service]
        folder = ROOT / "services" / service / "migrations"
        complete(migrations.upgrade(folder, store.migrations_database, service_role=store.service_role))

    return migrate


def _remove_abandoned() -> None:
    """Removes what sessions that were killed left behind, not what others still use."""
    for state in SESSIONS.glob("*"):
        try:
            Hold(state).release()
        except StateInUseError:
            continue
        shutil.rmtree(state, ignore_errors=True)
