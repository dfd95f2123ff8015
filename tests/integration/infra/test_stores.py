"""The embedded stores: private, quick, and none the worse for a crash."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis

from infra.dev import processes
from infra.dev.state import StateInUseError, socket_directory
from infra.dev.stores import Stores, start_stores

EMBEDDED: dict[str, str] = {}
Start = Callable[[Path], Stores]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Stores] = []

    def started(state: Path) -> Stores:
        running.append(start_stores(state, services=("auth", "spaces"), environment=EMBEDDED))
        return running[-1]

    yield started
    for stores in running:
        stores.stop()


async def value(address: str, query: str) -> object:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def execute(address: str, statement: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_data_survives_the_kill_of_both_servers(tmp_path: Path, start: Start) -> None:
    first = start(tmp_path)
    assert first.postgresql
    assert first.redis_server
    await execute(
        first.services["auth"].migrations_database, "create table kept (n int); insert into kept values (7)"
    )
    redis.Redis.from_url(first.redis).set("kept", "7")
    processes.wait_until(lambda: False, 1.1)  # Redis writes to disk each second
    for pid in (first.postgresql.pid, first.redis_server.pid):
        os.kill(pid, signal.SIGKILL)
    first._hold.release()  # as the kernel does when the runner dies too

    second = start(tmp_path)

    assert await value(second.services["auth"].database, "select n from kept") == 7
    assert redis.Redis.from_url(second.redis).get("kept") == b"7"


def test_a_runner_killed_takes_its_servers_along(tmp_path: Path, start: Start) -> None:
    program = (
        "import sys, time, pathlib; from infra.dev.stores import start_stores; "
        "s = start_stores(pathlib.Path(sys.argv[1]), services=('auth',), environment={}); "
        "print(s.postgresql.pid, s.redis_server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as runner:
        assert runner.stdout
        pids = [int(pid) for pid in runner.stdout.readline().split()]
        runner.kill()

    if sys.platform == "linux":
        assert processes.wait_until(lambda: not any(processes.runs(pid, str(tmp_path)) for pid in pids), 10)
    start(tmp_path)


async def test_lock_files_naming_a_foreign_process_do_not_stop_a_start(tmp_path: Path, start: Start) -> None:
    start(tmp_path).stop()
    foreign = f"{os.getppid()}\n{tmp_path}/postgresql\n1\n5432\n{tmp_path}\n\n 1 1\nready\n"
    (tmp_path / "postgresql" / "postmaster.pid").write_text(foreign)
    (socket_directory(tmp_path) / ".s.PGSQL.5432.lock").write_text(foreign)
    (tmp_path / "redis" / "redis.pid").write_text(str(os.getppid()))

    again = start(tmp_path)

    assert await value(again.services["auth"].database, "select 1") == 1


async def test_a_long_path_gets_sockets_elsewhere(tmp_path: Path, start: Start) -> None:
    state = tmp_path / ("long" * 30) / '学簿 "quoted"'
    running = start(state)

    assert await value(running.services["auth"].database, "select 1") == 1
    assert redis.Redis.from_url(running.redis).ping()
    assert stat.S_IMODE(socket_directory(state).stat().st_mode) == 0o700


async def test_a_second_runner_is_told_who_is_there(tmp_path: Path, start: Start) -> None:
    start(tmp_path)

    with pytest.raises(StateInUseError) as refused:
        start_stores(tmp_path, environment=EMBEDDED)

    assert refused.value.pid == os.getpid()


async def test_no_role_enters_the_database_of_another(stores: Stores) -> None:
    auth, spaces = stores.services["auth"], stores.services["spaces"]
    for own in (auth.database, auth.migrations_database):
        elsewhere = urlsplit(own)._replace(path=f"/{spaces.name}").geturl()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await value(elsewhere, "select 1")


async def test_the_runtime_role_works_with_rows_and_changes_no_schema(stores: Stores) -> None:
    store = stores.copy_database("auth")
    try:
        await execute(
            store.migrations_database, "create table t (n bigint generated always as identity, x int)"
        )
        await execute(store.database, "insert into t (x) values (1); update t set x = 2; delete from t")
        for forbidden in ("create table u ()", "drop table t", "truncate t", "alter table t add y int"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await execute(store.database, forbidden)
    finally:
        stores.drop_database(store)


async def test_text_sorts_and_folds_alike_everywhere(stores: Stores) -> None:
    own = "from pg_database where datname = current_database()"
    store = stores.services["auth"]
    assert await value(store.database, f"select pg_encoding_to_char(encoding) {own}") == "UTF8"
    assert await value(store.database, "select upper('é')") == "É"
    assert await value(store.database, "select 'Z' < 'a' and 'z' < '学'") is True


async def test_no_server_listens_on_the_network(tmp_path: Path, start: Start) -> None:
    running = start(tmp_path)

    assert await value(running.administration, "show listen_addresses") == ""
    assert redis.Redis.from_url(running.redis).config_get("port") == {"port": "0"}
    assert stat.S_IMODE((tmp_path / "sockets").stat().st_mode) == 0o700


@pytest.mark.parametrize("rights", ["superuser", "createdb createrole"])
async def test_servers_of_the_environment_are_used_and_left_clean(
    tmp_path: Path, start: Start, rights: str
) -> None:
    given = start(tmp_path / "given")
    await execute(given.administration, f"create role administrator login {rights}")
    environment = {
        "DATABASE": given.administration.replace("//postgres@", "//administrator@"),
        "REDIS": given.redis,
    }

    for _ in range(2):  # the second time everything is there already
        own = start_stores(tmp_path / "own", "xuebu_elsewhere", environment=environment)
        assert own.postgresql is None
        assert own.redis_server is None
        assert own.redis == given.redis
        assert set(own.services) == {"auth", "spaces", "creditbank"}
        for store in (own.services["auth"], own.copy_database("auth")):
            assert urlsplit(store.database).password
            assert await value(store.database, "select current_database()") == store.name
            assert await value(store.database, "select current_user") == store.service_role
            assert await value(store.migrations_database, "select has_schema_privilege('public', 'create')")
        own.stop()
    own = start_stores(tmp_path / "own", "xuebu_elsewhere", environment=environment)
    own.forget()
    own.stop()

    count = "select count(*) from {} where starts_with({}, 'xuebu_elsewhere')"
    assert await value(given.administration, count.format("pg_database", "datname")) == 0
    assert await value(given.administration, count.format("pg_roles", "rolname")) == 0
